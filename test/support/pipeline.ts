/** Stages put together as the service does, for tests. */
import { Pipeline, type Stage, type StageName } from '../../src/intake/pipeline.ts';

/** Failures that let the mail pass are thrown in the test's face, unless it takes them. */
export function pipelineOf(
  stages: readonly Stage[],
  passedOver: (stage: StageName, error: unknown) => void = (stage, error) => {
    throw new Error(`${stage} failed`, { cause: error });
  },
): Pipeline {
  return new Pipeline(stages, { passedOver });
}
