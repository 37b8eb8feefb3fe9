/**
 * What is to be done when a test, or a test file, has ended. Test files that follow each other in one process share the
 * modules of the harness: a hook in one of those would belong to the first file that imports it.
 */

type Work = () => unknown;

const ofTest: Work[] = [];
const ofFile: Work[] = [];

export function atTestEnd(work: Work): void {
  ofTest.push(work);
}

export function atFileEnd(work: Work): void {
  ofFile.push(work);
}

/** Does what was asked for, one after the other; all of it, even if some fails. @throws the first that failed */
async function end(works: Work[]): Promise<void> {
  const failed: unknown[] = [];
  for (const work of works.splice(0)) {
    try {
      await work();
    } catch (error) {
      failed.push(error);
    }
  }
  if (failed.length > 0) throw failed[0];
}

export const endTest = (): Promise<void> => end(ofTest);
export const endFile = (): Promise<void> => end(ofFile);
