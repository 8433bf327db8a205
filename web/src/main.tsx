import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { startWorker } from './offline.ts';
import { showLook } from './settings-store.ts';
import './css/base.css';
import './css/controls.css';
import './css/folders.css';
import './css/mailbox.css';
import './css/message.css';
import './css/conversation.css';

showLook();
startWorker();
const root = document.getElementById('app');
if (root !== null)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
