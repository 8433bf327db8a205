/** Text with formatting. ProseMirror knows how to leave a syllable alone while it is composed. */
import { Editor } from '@tiptap/core';
import { StarterKit } from '@tiptap/starter-kit';
import { useEffect, useRef, useState } from 'react';
import { Icon, type IconName } from '../ui/icon.tsx';
import { useWords } from '../words/words.ts';

interface RichTextProps {
  readonly html: string;
  readonly onChange: (html: string, text: string) => void;
}

export function RichText({ html, onChange }: RichTextProps) {
  const words = useWords();
  const element = useRef<HTMLDivElement>(null);
  const told = useRef(onChange);
  const [editor, setEditor] = useState<Editor>();
  const [, drawAgain] = useState(0);
  useEffect(() => {
    told.current = onChange;
  });
  useEffect(() => {
    const made = new Editor({
      element: element.current,
      // Its sheet would be written into the page, which the policy forbids; ours is in compose.css.
      injectCSS: false,
      extensions: [StarterKit.configure({ link: { openOnClick: false, defaultProtocol: 'https' } })],
      content: html,
      editorProps: { attributes: { role: 'textbox', 'aria-multiline': 'true', 'aria-label': words.content } },
      onUpdate: ({ editor: now }) => told.current(now.getHTML(), now.getText({ blockSeparator: '\n' })),
      onTransaction: () => drawAgain((n) => n + 1),
    });
    setEditor(made);
    made.commands.focus('start');
    return () => made.destroy();
    // What it begins with; afterwards it knows better than we do.
  }, []);

  const tool = (label: string, icon: IconName, active: boolean, act: () => void) => (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={active}
      onMouseDown={(event) => event.preventDefault()}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
  const link = () => {
    if (editor === undefined) return;
    if (editor.isActive('link')) return void editor.chain().focus().unsetLink().run();
    const href = prompt(words.linkAddress, 'https://');
    if (href !== null && /^(?:https?|mailto):/i.test(href)) editor.chain().focus().setLink({ href }).run();
  };
  return (
    <div className="rich-text">
      {editor !== undefined && (
        <div className="rich-tools" role="toolbar" aria-label={words.formatting}>
          {tool(words.bold, 'bold', editor.isActive('bold'), () => editor.chain().focus().toggleBold().run())}
          {tool(words.italic, 'italic', editor.isActive('italic'), () => editor.chain().focus().toggleItalic().run())}
          {tool(words.underline, 'underline', editor.isActive('underline'), () =>
            editor.chain().focus().toggleUnderline().run(),
          )}
          {tool(words.bullets, 'list', editor.isActive('bulletList'), () =>
            editor.chain().focus().toggleBulletList().run(),
          )}
          {tool(words.numbers, 'numbers', editor.isActive('orderedList'), () =>
            editor.chain().focus().toggleOrderedList().run(),
          )}
          {tool(words.quote, 'quote', editor.isActive('blockquote'), () =>
            editor.chain().focus().toggleBlockquote().run(),
          )}
          {tool(words.link, 'link', editor.isActive('link'), link)}
        </div>
      )}
      <div ref={element} className="rich-body" />
    </div>
  );
}
