/** What happens to arriving mail. */
import { z } from 'zod';
import type { StageFacts } from '../../intake/pipeline.ts';
import { operation } from '../operation.ts';

/** Empty when the service does not run. */
export const intakeStages = operation<Record<string, never>, readonly StageFacts[]>(
  'intake.stages',
  z.strictObject({}),
  (service) => Promise.resolve(service.intakeStages()),
);
