/** Everybody who is nobody: the fleet knows no callers. */
const SCOPE = { agent: 'default', tenant: '', owner: null };
const PAGE = 100;

/**
 * The whole log of a task, and the task.
 *
 * @param {import('express-a2a').Storage} storage
 * @param {string} taskId
 * @returns {Promise<import('./judge.mjs').Stored | undefined>}
 */
export async function readTask(storage, taskId) {
  const { entries } = await storage.read(taskId, 0, Infinity, Infinity);
  const snapshot = await storage.loadTask(taskId);
  return snapshot && { entries, task: snapshot.task };
}

/**
 * Which tasks each message of a client began. More than one task for a message: a send was done twice.
 *
 * @param {import('express-a2a').Storage} storage
 * @returns {Promise<Map<string, string[]>>}
 */
export async function tasksByMessage(storage) {
  /** @type {Map<string, string[]>} */
  const begun = new Map();
  /** @type {import('express-a2a').TaskPage['next']} */
  let after;
  do {
    const query = { limit: PAGE, includeArtifacts: false, ...(after && { after }) };
    const page = await storage.listTasks(SCOPE, query);
    for (const { id, history } of page.tasks) {
      const messageId = history?.[0]?.messageId ?? '';
      begun.set(messageId, [...(begun.get(messageId) ?? []), id]);
    }
    after = page.next;
  } while (after);
  return begun;
}
