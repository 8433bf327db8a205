/** Errors of the store in the words of the mail store. */
import { storeError } from './commit.ts';

export async function told<T>(act: () => Promise<T> | T): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw storeError(error);
  }
}
