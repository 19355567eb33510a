// Ways to break the memory backend, and the cases of the contract suites that must notice.

/**
 * `name` says what is wrong then. `edits` are replacements in one file of lib/memory; each text is there exactly once.
 * `cases` are the ids of the cases that catch it: each of them, by itself.
 *
 * @typedef {{ name: string, file: string, edits: [from: string, to: string][], cases: string[] }} Mutant
 */

/**
 * @param {string} name
 * @param {string} file
 * @param {string[]} cases
 * @param {...[from: string, to: string]} edits
 * @returns {Mutant}
 */
const mutant = (name, file, cases, ...edits) => ({ name, file, cases, edits });

const APPEND = [
  mutant(
    'an append does not look at its lease',
    'append.ts',
    ['S6'],
    ["if (record.leaseId !== lease.id) return refused('fenced', record);", ''],
  ),
  mutant(
    'the number of a lease is compared, not its id',
    'append.ts',
    ['S6'],
    ['record.leaseId !== lease.id', 'record.epoch !== lease.epoch'],
  ),
  mutant(
    'a lease that was given up still writes',
    'append.ts',
    ['S6'],
    ["if (record.lease === undefined) return refused('fenced', record);", ''],
  ),
  mutant(
    'an append does not look whether the task has ended',
    'append.ts',
    ['S5'],
    [
      "if (record.closedAt !== undefined) return refused('closed', record);\n  if (record.lease === undefined) return refused('fenced', record);",
      "if (record.lease === undefined && record.closedAt === undefined) return refused('fenced', record);",
    ],
  ),
  mutant(
    'a repeated append writes again',
    'append.ts',
    ['S7'],
    ['if (producerSeq <= record.producerSeq) {', 'if (producerSeq < 0) {'],
  ),
  mutant(
    'a repeated append is recognised, but not that there was more',
    'append.ts',
    ['S7'],
    ['      ...(more && { more }),\n', ''],
  ),
  mutant(
    'a repeated end is refused, as the task has ended',
    'append.ts',
    ['S7'],
    [
      'if (producerSeq <= record.producerSeq) {',
      'if (producerSeq <= record.producerSeq && record.closedAt === undefined) {',
    ],
  ),
  mutant(
    'an append that skips a number is taken',
    'append.ts',
    ['S7'],
    ["producerSeq > record.producerSeq + 1 ? refused('gap', record) : undefined", 'undefined'],
  ),
  mutant(
    'something may follow the end in one batch',
    'append.ts',
    ['S2'],
    ["if (before.some(isClosing)) return 'closed';", ''],
  ),
  mutant(
    'something may follow a pause in one batch',
    'append.ts',
    ['S2'],
    ["if (before.some(pauseOf) && last !== undefined && !isClosing(last)) return 'fenced';", ''],
  ),
  mutant(
    'half of a batch that is too large is stored',
    'append.ts',
    ['S2'],
    [
      "if (isTooLarge(table, record, drafts)) return refused('too-large', record);",
      "if (isTooLarge(table, record, drafts)) {\n    table.write(record, drafts.slice(0, 1), lease.epoch);\n    return refused('too-large', record);\n  }",
    ],
  ),
  mutant(
    'a task that is full can not be ended',
    'append.ts',
    ['S2'],
    ["if (!isClosing(entry) && entry.kind !== 'start') added += bytes;", 'added += bytes;'],
  ),
  mutant(
    'a pause overlooks newer input',
    'append.ts',
    ['S9'],
    ['const more = pause !== undefined && ', 'const more = false && '],
  ),
  mutant(
    'a pause with newer input does not set the task WORKING',
    'append.ts',
    ['S9'],
    ['more ? [...drafts, table.draft(WORKING)] : drafts', 'drafts'],
  ),
  mutant(
    'a pause does not end the lease',
    'append.ts',
    ['S6', 'S9'],
    ['if (more) return;\n  record.lease = undefined;', 'if (more) return;'],
  ),
  mutant(
    'the deadline of a pause is forgotten',
    'append.ts',
    ['S9'],
    ['due.set(record, table.now() + pause.timeoutMs)', 'due.delete(record)'],
  ),
  mutant(
    'the deadline of a pause counts though there is more',
    'append.ts',
    ['S9'],
    [
      'if (more) return;\n',
      'if (more) {\n    if (pause?.timeoutMs !== undefined) table.due(record.scope.agent).set(record, table.now() + pause.timeoutMs);\n    return;\n  }\n',
    ],
  ),
  mutant('a pause leaves the task due', 'append.ts', ['S9'], ['else due.delete(record);', '']),
  mutant(
    'a pause while a cancel is wanted waits for the lease to end',
    'append.ts',
    ['S9'],
    ['if (record.cancelSeq > 0) due.set(record, table.now());\n  else if', 'if'],
  ),
  mutant(
    'a pause does not begin the attempts anew',
    'append.ts',
    ['S8'],
    ['record.attempt = more ? 1 : 0;', 'if (more) record.attempt = 1;'],
  ),
  mutant(
    'a pause with more does not begin the attempts anew',
    'append.ts',
    ['S9'],
    ['record.attempt = more ? 1 : 0;', 'if (!more) record.attempt = 0;'],
  ),
  mutant('a pause forgets that its run is over', 'append.ts', ['S8', 'S9'], ['record.started = false;', '']),
  mutant(
    'what a pause has answered stays pending',
    'append.ts',
    ['S8', 'S10'],
    ['record.pending = record.pending.filter(({ seq }) => seq > record.doneSeq);', ''],
  ),
];

const CLIENT = [
  mutant(
    'a new task is not due',
    'client-writes.ts',
    ['S1'],
    ['table.due(scope.agent).set(record, now);\n  table.keys', 'table.keys'],
  ),
  mutant(
    'a name that is taken is given away',
    'client-writes.ts',
    ['S1'],
    [
      "if (table.has(task.id)) throw new StorageError('exists'",
      "if (table.find(task.id, scope)?.seq === 0) throw new StorageError('exists'",
    ],
  ),
  mutant(
    'tasks are taken in without end',
    'client-writes.ts',
    ['S1'],
    ['if (table.active() >= table.limits.activeTasks) {', 'if (table.active() > table.limits.activeTasks) {'],
  ),
  mutant(
    'an idempotency key goes with its task',
    'client-writes.ts',
    ['S21'],
    [
      'if (first !== undefined) return { created: false',
      'if (first !== undefined && table.has(first.taskId)) return { created: false',
    ],
  ),
  mutant(
    'an idempotency key is not looked up',
    'client-writes.ts',
    ['S1'],
    ['if (first !== undefined) return { created: false, taskId: first.taskId, seq: first.seq };', ''],
  ),
  mutant(
    'a refused message uses its idempotency key up',
    'client-writes.ts',
    ['S10'],
    [
      "if (record.closedAt !== undefined) return refused('closed', record);\n  if (record.cancelSeq > 0) return refused('cancelling', record);",
      "if (record.closedAt !== undefined) {\n    table.keys.add(record.scopeKey, idempotency, { taskId, seq: 1 }, table.now());\n    return refused('closed', record);\n  }\n  if (record.cancelSeq > 0) return refused('cancelling', record);",
    ],
  ),
  mutant(
    'the idempotency key of a message counts only until the end',
    'client-writes.ts',
    ['S10'],
    [
      "if (first !== undefined) return duplicate(record, first.seq);\n  if (record.closedAt !== undefined) return refused('closed', record);",
      "if (record.closedAt !== undefined) return refused('closed', record);\n  if (first !== undefined) return duplicate(record, first.seq);",
    ],
  ),
  mutant(
    'an idempotency key of another task is taken for this one',
    'client-writes.ts',
    ['S10'],
    ['(first !== undefined && first.taskId !== taskId)', 'false'],
  ),
  mutant(
    'a task that has ended takes messages',
    'client-writes.ts',
    ['S5'],
    [
      "if (record.closedAt !== undefined) return refused('closed', record);\n  if (record.cancelSeq > 0) return refused('cancelling', record);",
      "if (record.cancelSeq > 0) return refused('cancelling', record);",
    ],
  ),
  mutant(
    'messages are taken while a cancel is wanted',
    'client-writes.ts',
    ['S10'],
    ["if (record.cancelSeq > 0) return refused('cancelling', record);", ''],
  ),
  mutant(
    'a message that does not fit is taken',
    'client-writes.ts',
    ['S10'],
    [
      "if (record.taskBytes + prepared.bytes > table.limits.taskBytes) return refused('too-large', record);",
      '',
    ],
  ),
  mutant(
    'a task that works takes what is only for one that waits',
    'client-writes.ts',
    ['S10'],
    ["if (ifWaiting && !isInterrupted(record.state)) return refused('busy', record);", ''],
  ),
  mutant(
    'a message that comes again finds the task busy',
    'client-writes.ts',
    ['S10'],
    [
      '  const newest = newestMessage(record);',
      "  if (ifWaiting && !isInterrupted(record.state)) return refused('busy', record);\n  const newest = newestMessage(record);",
    ],
  ),
  mutant(
    'a task is created though it is too large',
    'task-table.ts',
    ['S1'],
    ['if (bytes > limits.taskBytes) {', 'if (bytes > Infinity) {'],
  ),
  mutant(
    'a retransmission is not recognised',
    'client-writes.ts',
    ['S7', 'S10'],
    ['isSameMessage(newest, message)', 'false'],
  ),
  mutant(
    'a message that was answered is taken for a retransmission',
    'client-writes.ts',
    ['S10'],
    ['record.answeredTo < ', '-1 < '],
  ),
  mutant(
    'the messageId alone makes a retransmission',
    'client-writes.ts',
    ['S10'],
    ['return isSameJson(sentFields(a), sentFields(b));', 'return a.messageId === b.messageId;'],
  ),
  mutant(
    'ids that the server fills in make another message',
    'client-writes.ts',
    ['S10'],
    ['return isSameJson(sentFields(a), sentFields(b));', 'return isSameJson(a, b);'],
  ),
  mutant(
    'a resume is taken in every state',
    'client-writes.ts',
    ['S10'],
    ["if (record.state !== 'TASK_STATE_AUTH_REQUIRED') return refused('not-waiting', record);", ''],
  ),
  mutant(
    'a resume without truth in its data loses it',
    'client-writes.ts',
    ['S10'],
    ['...(data !== undefined && { data })', '...(data ? { data } : {})'],
  ),
  mutant(
    'input to a task that waits does not set it WORKING',
    'client-writes.ts',
    ['S10'],
    ['const waits = isInterrupted(record.state);', 'const waits = false;'],
  ),
  mutant(
    'input does not make the task due',
    'client-writes.ts',
    ['S9', 'S10'],
    ['if (!isLive(record, table.now())) table.due(record.scope.agent).set(record, table.now());', ''],
  ),
  mutant(
    'input makes a task due that is being run',
    'client-writes.ts',
    ['S10'],
    ['if (!isLive(record, table.now())) table.due(record.scope.agent)', 'table.due(record.scope.agent)'],
  ),
  mutant(
    'a task that has ended takes a cancel',
    'client-writes.ts',
    ['S5', 'S11'],
    [
      "if (record.closedAt !== undefined) return refused('closed', record);\n  if (record.cancelSeq > 0) return duplicate",
      'if (record.cancelSeq > 0) return duplicate',
    ],
  ),
  mutant(
    'a second cancel is written again',
    'client-writes.ts',
    ['S7', 'S11'],
    ['if (record.cancelSeq > 0) return duplicate(record, record.cancelSeq);', ''],
  ),
  mutant(
    'a task that nobody runs is not canceled at once',
    'client-writes.ts',
    ['S11'],
    ['[cancel, table.draft(CANCELED)], 0)', '[cancel], 0)'],
  ),
  mutant(
    'a task whose lease has ended is left to its late run',
    'client-writes.ts',
    ['S11'],
    ['if (lease === undefined || !isLive(record, table.now())) {', 'if (lease === undefined) {'],
  ),
  mutant(
    'after a cancel the lease can be renewed',
    'client-writes.ts',
    ['S12'],
    ['lease.cap = lease.until;', ''],
  ),
  mutant(
    'a cancel does not shorten the lease',
    'client-writes.ts',
    ['S12'],
    ['lease.until = Math.min(lease.until, table.now() + graceMs);', ''],
  ),
  mutant(
    'a cancel prolongs the lease to its grace',
    'client-writes.ts',
    ['S12'],
    ['Math.min(lease.until, table.now() + graceMs)', 'table.now() + graceMs'],
  ),
  mutant(
    'nobody hears of the end that a cancel gave the lease',
    'client-writes.ts',
    ['S12'],
    ['table.due(record.scope.agent).set(record, lease.until);', ''],
  ),
];

const LEASES = [
  mutant(
    'a task with a live lease is claimed',
    'leases.ts',
    ['S8', 'S9', 'S10'],
    ['return record.due.at <= now ? record : undefined;', 'return record;'],
  ),
  mutant(
    "another agent's task is claimed by its name",
    'leases.ts',
    ['S8'],
    [' || record.scope.agent !== agent', ''],
  ),
  mutant(
    'a claimed task is due again at once',
    'leases.ts',
    ['S8 claim: by name'],
    ['table.due(record.scope.agent).set(record, until);', ''],
  ),
  mutant(
    'a lease that ends makes nobody look',
    'leases.ts',
    ['S8'],
    ['table.due(record.scope.agent).set(record, until);', 'table.due(record.scope.agent).delete(record);'],
  ),
  mutant(
    'a claim gives more than its limit',
    'leases.ts',
    ['S8'],
    ['while (claimed.length < by.limit) {', 'while (claimed.length <= by.limit) {'],
  ),
  mutant('the epoch does not grow', 'leases.ts', ['S8'], ['record.epoch += 1;', 'record.epoch = 1;']),
  mutant(
    'all leases of a task have one id',
    'leases.ts',
    ['S6', 'S8'],
    ['record.leaseId = table.newLeaseId();', 'record.leaseId = record.id;'],
  ),
  mutant(
    'a lost attempt is not counted',
    'leases.ts',
    ['S8'],
    ['record.attempt += 1;', 'record.attempt = 1;'],
  ),
  mutant(
    'the producer sequence goes on under the next lease',
    'leases.ts',
    ['S7'],
    ['record.producerSeq = 0;\n', ''],
  ),
  mutant(
    'a claim does not say that a cancel is wanted',
    'leases.ts',
    ['S9', 'S11', 'S12'],
    ['const cancelRequested = record.cancelSeq > 0;', 'const cancelRequested = false;'],
  ),
  mutant(
    'a deadline that has passed looks like work',
    'leases.ts',
    ['S9'],
    ["if (pending.length === 0 && cancelSeq === 0) return 'deadline';", ''],
  ),
  mutant(
    'a renew shortens the lease',
    'leases.ts',
    ['S8'],
    ['Math.max(lease.until, now + leaseMs)', 'now + leaseMs'],
  ),
  mutant(
    'a renew is heard, but the task is due at the old end',
    'leases.ts',
    ['S8'],
    ['table.due(record.scope.agent).set(record, lease.until);', ''],
  ),
  mutant(
    'a renew by an old lease is taken',
    'leases.ts',
    ['S6'],
    [
      'if (record === undefined || lease?.id !== given.id) return { ok: false };',
      'if (record === undefined || lease === undefined) return { ok: false };',
    ],
  ),
  mutant(
    'a renew does not tell of newer input',
    'leases.ts',
    ['S10'],
    ['inputSeq: record.inputSeq,', 'inputSeq: record.doneSeq,'],
  ),
  mutant(
    'a renew does not tell of a cancel',
    'leases.ts',
    ['S11'],
    ['cancelRequested: record.cancelSeq > 0,', 'cancelRequested: false,'],
  ),
  mutant(
    'an old lease gives the task back',
    'leases.ts',
    ['S6'],
    [
      'if (record?.lease?.id !== given.id) return false;',
      'if (record === undefined || record.closedAt !== undefined) return false;',
    ],
  ),
  mutant(
    'a release keeps the lease',
    'leases.ts',
    ['S6'],
    ['record.lease = undefined;\n  if (clean)', 'if (clean)'],
  ),
  mutant(
    'a release makes the task due without its delay',
    'leases.ts',
    ['S8', 'S10'],
    ['table.now() : table.now() + delayMs', 'table.now() : table.now()'],
  ),
  mutant(
    'a release while a cancel is wanted waits for its delay',
    'leases.ts',
    ['S11'],
    ['record.cancelSeq > 0 ? table.now() : table.now() + delayMs', 'table.now() + delayMs'],
  ),
  mutant(
    'a clean release counts as an attempt',
    'leases.ts',
    ['S8'],
    ['if (clean) {', 'if (clean === undefined) {'],
  ),
];

const LOG = [
  mutant(
    'the sequence has a hole',
    'task-table.ts',
    ['S2'],
    ['const seq = record.seq + 1;', 'const seq = record.seq + (record.seq % 9 === 8 ? 2 : 1);'],
  ),
  mutant(
    'the task is folded a moment after the entry',
    'task-table.ts',
    ['S4'],
    ['record.fold.apply(entry);', 'queueMicrotask(() => record.fold.apply(entry));'],
  ),
  mutant(
    'a cancel is folded as if it were a status',
    'task-table.ts',
    ['S3'],
    [
      'record.fold.apply(entry);',
      "record.fold.apply(entry.kind === 'cancel' ? { ...entry, kind: 'status', state: record.state } : entry);",
    ],
  ),
  mutant(
    'an append of text replaces',
    'task-table.ts',
    ['S3', 'S17'],
    [
      'record.fold.apply(entry);',
      "record.fold.apply(entry.kind === 'artifact' ? { ...entry, append: false } : entry);",
    ],
  ),
  mutant(
    'a closing entry does not close',
    'task-table.ts',
    ['S5'],
    ['if (isClosing(entry)) close(record);', ''],
  ),
  mutant(
    'a task that has ended stays due',
    'task-table.ts',
    ['S11', 'S21'],
    ['due(record.scope.agent).delete(record);', ''],
  ),
  mutant(
    'times go back with the clock',
    'task-table.ts',
    ['S18'],
    ['const ts = Math.max(draft.entry.ts, record.ts);', 'const ts = draft.entry.ts;'],
  ),
  mutant(
    'leases end by the wall clock',
    'task-table.ts',
    ['S18'],
    ['now: () => wholeMs(clock),', 'now: clock.now,'],
  ),
  mutant(
    'what is passed in is kept',
    'frozen-copy.ts',
    ['S16'],
    ['return copy(value) as T;', 'copy(value);\n  return value;'],
  ),
  mutant(
    'live objects are handed out',
    'frozen-copy.ts',
    ['S16'],
    ['Object.freeze(target);\n}\n\nfunction copyList', 'target;\n}\n\nfunction copyList'],
  ),
  mutant(
    'live lists are handed out',
    'frozen-copy.ts',
    ['S16'],
    [
      'copy(list[index]) ?? null;\n  return Object.freeze(target);',
      'copy(list[index]) ?? null;\n  return target;',
    ],
  ),
  mutant(
    'a key `__proto__` is lost',
    'frozen-copy.ts',
    ['S16'],
    [
      "if (key === '__proto__') Object.defineProperty(target, key, { value: copied, enumerable: true });\n    else target[key]",
      'target[key]',
    ],
  ),
  mutant('the first entry is not pending', 'task-table.ts', ['S1'], ['pending: [open],', 'pending: [],']),
  mutant(
    'the first message is no newest message',
    'task-record.ts',
    ['S1', 'S10'],
    ["if (newest.kind === 'open') return newest.task.history?.at(-1);\n", ''],
  ),
  mutant('input is not pending', 'task-table.ts', ['S8', 'S9', 'S10'], ['record.pending.push(entry);', '']),
  mutant(
    'the start of a run leaves no trace',
    'task-table.ts',
    ['S8'],
    ["if (entry.kind === 'start') record.started = true;", ''],
  ),
  mutant(
    'trimming takes unprocessed input',
    'task-table.ts',
    ['S13'],
    ['const keepFrom = Math.min(', 'const keepFrom = Math.max(Infinity, '],
  ),
  mutant(
    'trimming takes the newest message once it is processed',
    'task-table.ts',
    ['S13'],
    ['const keepFrom = Math.min(doneSeq + 1, ', 'const keepFrom = Math.min(doneSeq + 1, Infinity ?? '],
  ),
  mutant('trimming takes whole tasks', 'task-log.ts', ['S13'], ['this.#first += count;', '']),
  mutant(
    'finished tasks are kept for ever',
    'task-table.ts',
    ['S21'],
    ['const count = finished.expire(clock.elapsed(), limit);', 'const count = 0;'],
  ),
  mutant(
    'what is removed stays in the list',
    'task-table.ts',
    ['S21'],
    [
      'tasks.delete(record.id);\n    push.forget(record);\n    listed.remove(record);',
      'tasks.delete(record.id);\n    push.forget(record);',
    ],
  ),
  mutant(
    'the last of too many finished tasks goes first',
    'retention.ts',
    ['S21'],
    ['tasks.size() > retention.finishedTasks', 'tasks.size() >= retention.finishedTasks'],
  ),
  mutant('one sweep removes everything', 'retention.ts', ['S21'], ['while (count < limit && (', 'while ((']),
  mutant(
    'idempotency keys are never free again',
    'idempotency-keys.ts',
    ['S1'],
    ['slot === undefined || slot.until <= now', 'slot === undefined'],
  ),
  mutant(
    'idempotency keys belong to everybody',
    'idempotency-keys.ts',
    ['S1'],
    ['return `${scopeKey} ${key}`;', 'return `${scopeKey.slice(0, 0)}${key}`;'],
  ),
  mutant(
    'an idempotency key is not checked against its call',
    'idempotency-keys.ts',
    ['S1', 'S10'],
    ["return slot.fingerprint === given.fingerprint ? slot : 'reused';", 'return slot;'],
  ),
];

const READS = [
  mutant(
    'the tenant of a scope is forgotten',
    'task-record.ts',
    ['S15'],
    [
      'a.owner === b.owner && a.tenant === b.tenant && a.agent === b.agent',
      'a.owner === b.owner && a.agent === b.agent',
    ],
  ),
  mutant(
    'nobody is taken for an owner without a name',
    'task-record.ts',
    ['S15'],
    ['a.owner === b.owner &&', "(a.owner ?? '') === (b.owner ?? '') &&"],
  ),
  mutant(
    'scopes run together in the keys of lists',
    'task-record.ts',
    ['S15'],
    ['return JSON.stringify([agent, tenant, owner]);', "return [agent, tenant, owner].join(':');"],
  ),
  mutant(
    'the context of a listing forgets its scope',
    'listing.ts',
    ['S15'],
    ['contextsOf(key).list(contextId)', "contextsOf(key && '').list(contextId)"],
    ['scopes.list(scopeKey);', "scopes.list('');"],
    [
      'scopes.insert(record.scopeKey, record);',
      "scopes.insert(record.scopeKey, record);\n      scopes.insert('', record);",
    ],
  ),
  mutant(
    'work of all agents is in one queue',
    'task-table.ts',
    ['S8 claim: gives only'],
    [
      'const known = dueByAgent.get(agent);',
      'const known = dueByAgent.get(agent) ?? [...dueByAgent.values()][0];',
    ],
  ),
  mutant(
    'a snapshot tells a position that is too high',
    'storage.ts',
    ['S4'],
    ['seq: record.seq,\n    ts: record.ts,', 'seq: record.seq + 1,\n    ts: record.ts,'],
  ),
  mutant(
    'a snapshot tells the time of its status',
    'storage.ts',
    ['S4'],
    ['seq: record.seq,\n    ts: record.ts,', 'seq: record.seq,\n    ts: record.statusTs,'],
  ),
  mutant(
    'a read begins one entry too early',
    'task-log.ts',
    ['S2', 'S13'],
    ['Math.max(0, after + 1 - this.#first)', 'Math.max(0, after - this.#first)'],
  ),
  mutant(
    'an entry larger than maxBytes is never given',
    'task-log.ts',
    ['S13'],
    ['if (bytes > maxBytes && end > start) break;', 'if (bytes > maxBytes) break;'],
  ),
  mutant(
    'maxBytes is not heeded',
    'task-log.ts',
    ['S13'],
    ['if (bytes > maxBytes && end > start) break;', ''],
  ),
  mutant(
    'a read does not tell of trimming',
    'storage.ts',
    ['S13', 'S21'],
    ['head: record.seq, first: record.log.first, closed', 'head: record.seq, first: 1, closed'],
  ),
  mutant(
    'heads are stale',
    'storage.ts',
    ['S13'],
    [
      '{ head: record.seq, closed: record.closedAt !== undefined }',
      '{ head: Math.max(1, record.seq - 1), closed: record.closedAt !== undefined }',
    ],
  ),
  mutant(
    'heads do not tell of the end',
    'storage.ts',
    ['S5', 'S13'],
    ['{ head: record.seq, closed: record.closedAt !== undefined }', '{ head: record.seq, closed: false }'],
  ),
  mutant(
    'heads make up tasks that are not there',
    'storage.ts',
    ['S13'],
    [
      'if (record !== undefined) heads.set(taskId,',
      'if (record === undefined) heads.set(taskId, { head: 0, closed: false });\n    else heads.set(taskId,',
    ],
  ),
  mutant(
    'tasks of one millisecond are sorted the wrong way',
    'list-index.ts',
    ['S14'],
    [
      'statusTs === key.ts ? id < key.id : statusTs < key.ts',
      'statusTs === key.ts ? id > key.id : statusTs < key.ts',
    ],
  ),
  mutant('the list is sorted by creation', 'task-table.ts', ['S14'], ['record.statusTs = ts;', '']),
  mutant(
    'every entry moves a task to the top',
    'task-table.ts',
    ['S14'],
    [
      "if (entry.kind === 'status') {\n      const wasTs = record.statusTs;\n      record.state = entry.state;",
      "{\n      const wasTs = record.statusTs;\n      if (entry.kind === 'status') record.state = entry.state;",
    ],
  ),
  mutant(
    'a page repeats the last row of the one before',
    'storage.ts',
    ['S14 list: a position', 'S14 list: the total'],
    ['list.countBefore(query.after)) - 1;', 'list.countBefore(query.after));'],
  ),
  mutant(
    'a full last page says that there is more',
    'storage.ts',
    ['S14'],
    ['page.length > rows.length && last !== undefined', 'page.length >= query.limit && last !== undefined'],
  ),
  mutant(
    'the total ignores the filters',
    'storage.ts',
    ['S14'],
    [
      'const total = query.state === undefined ? list.size - oldest : countFrom(list, oldest, isWanted);',
      'const total = list.size;',
    ],
  ),
  mutant(
    'statusSince leaves out its own millisecond',
    'storage.ts',
    ['S14'],
    ["{ ts: query.statusSince, id: '' }", "{ ts: query.statusSince + 1, id: '' }"],
  ),
  mutant(
    'the state is not filtered',
    'storage.ts',
    ['S14'],
    [
      'query.state === undefined || state === query.state;',
      'query.state === undefined || state !== undefined;',
    ],
  ),
  mutant(
    'what answers with a bare message is listed',
    'listing.ts',
    ['S14'],
    ["add(record) {\n      if (record.answers === 'message') return;", 'add(record) {'],
  ),
  mutant(
    'historyLength cuts what is stored',
    'storage.ts',
    ['S14'],
    [
      "import { withShape } from '../core/fold.ts';",
      "import { createFold, withShape } from '../core/fold.ts';",
    ],
    [
      'rows.map((record) => withShape(foldOf(record).snapshot(), query))',
      'rows.map((row) => {\n      const task = withShape(foldOf(row).snapshot(), query);\n      Object.assign(row, { fold: createFold(task) });\n      return task;\n    })',
    ],
  ),
  mutant(
    'artifacts are listed though nobody asked',
    'storage.ts',
    ['S14'],
    [
      'withShape(foldOf(record).snapshot(), query)',
      'withShape(foldOf(record).snapshot(), { ...query, includeArtifacts: true })',
    ],
  ),
];

const BUS = [
  mutant(
    'a callback that throws throws out of publish',
    'event-bus.ts',
    ['B4'],
    [
      '} catch {\n    // the readers look at storage by themselves\n  }',
      '} finally {\n    // nothing to tidy up\n  }',
    ],
  ),
  mutant('unsubscribe does nothing', 'event-bus.ts', ['B3'], ['        remove(taskId, subscription);', '']),
  mutant(
    'unsubscribe stops everybody',
    'event-bus.ts',
    ['B3'],
    ['subscriptions.get(taskId)?.filter(({ isOn }) => isOn) ?? []', '[] as Subscription[]'],
  ),
  mutant(
    'one function can be subscribed once',
    'event-bus.ts',
    ['B3'],
    [
      'const subscription = {',
      'const subscription = subscriptions.get(taskId)?.find((it) => it.onHint === onHint) ?? {',
    ],
    [
      '(subscriptions.get(taskId) ?? NOBODY).concat([subscription])',
      '[...new Set([...(subscriptions.get(taskId) ?? NOBODY), subscription])]',
    ],
  ),
  mutant(
    'those who stop while they are called are called on',
    'event-bus.ts',
    ['B3'],
    ['if (subscription.isOn) deliver', 'deliver'],
  ),
  mutant(
    'tasks that nobody listens to are kept',
    'event-bus.ts',
    ['B3'],
    ['else subscriptions.delete(taskId);', 'else subscriptions.set(taskId, left);'],
  ),
  mutant(
    'a hint goes to whoever listens',
    'event-bus.ts',
    ['B1'],
    ['subscriptions.get(hint.taskId) ?? NOBODY', '[...subscriptions.values()].flat()'],
  ),
  mutant(
    'the names of tasks lose their case',
    'event-bus.ts',
    ['B1'],
    ['subscriptions.get(hint.taskId)', 'subscriptions.get(hint.taskId.toLowerCase())'],
  ),
  mutant(
    'the end of a task is not told',
    'event-bus.ts',
    ['B2'],
    ['const result = onHint(hint);', 'const result = onHint({ ...hint, closed: false });'],
  ),
  mutant(
    'hints come before the commit',
    'event-bus.ts',
    ['B7'],
    ['const result = onHint(hint);', 'const result = onHint({ ...hint, head: hint.head + 1 });'],
  ),
  mutant(
    'publish waits for its receivers',
    'event-bus.ts',
    ['B4', 'B5'],
    ['publish(hint) {', 'async publish(hint) {'],
    [
      'if (subscription.isOn) deliver(subscription, hint);',
      'if (subscription.isOn) await subscription.onHint(hint);',
    ],
  ),
];

const BROKER = [
  mutant(
    'the broker ignores free()',
    'broker.ts',
    ['K3'],
    ['const room = worker.free();', 'const room = Infinity;'],
  ),
  mutant(
    'a wake that nobody had room for is lost',
    'broker.ts',
    ['K2'],
    ['this.#wakes = Math.max(0, this.#wakes - room);', 'this.#wakes = 0;'],
  ),
  mutant(
    'a worker that has room again is not woken',
    'broker.ts',
    ['K2'],
    ['if (this.#wakes > 0) this.#deliver();', ''],
  ),
  mutant('wakes pile up', 'broker.ts', ['K2'], ['const MOST_WAKES = 1024;', 'const MOST_WAKES = 1e9;']),
  mutant(
    'the worker is called before wake returns',
    'broker.ts',
    ['K1'],
    ['setImmediate(this.#endTurn);', 'this.#endTurn();'],
  ),
  mutant(
    'workers of another agent are woken',
    'broker.ts',
    ['K1'],
    ['agents.get(agent)?.wake();', 'for (const workers of [...agents.values()].slice(0, 1)) workers.wake();'],
  ),
  mutant(
    'stop does not wait',
    'broker.ts',
    ['K4'],
    ['await new Promise<void>((resolve) => worker.onIdle.push(resolve));', ''],
  ),
  mutant('a worker that has stopped is called', 'broker.ts', ['K4'], ['workers.all.delete(worker);', '']),
  mutant(
    'a worker that failed once is never called again',
    'broker.ts',
    ['K5'],
    ['const over = () => {', 'const over = () => {\n      this.all.delete(worker);'],
  ),
  mutant(
    'a wake without a worker fails',
    'broker.ts',
    ['K5'],
    [
      'agents.get(agent)?.wake();',
      "const workers = agents.get(agent);\n      if (workers === undefined) return Promise.reject(new Error('Nobody works for this agent'));\n      workers.wake();",
    ],
  ),
];

const PUSH = [
  mutant(
    'a new webhook gets what was there before it',
    'push-storage.ts',
    ['S19'],
    ['push.put(task, registration, task.seq)', 'push.put(task, registration, 0)'],
  ),
  mutant(
    'what an input leads to is not for the webhook that came with it',
    'client-writes.ts',
    ['S19'],
    ['!table.push.put(record, push, record.seq + 1)', '!table.push.put(record, push, record.seq + 2)'],
  ),
  mutant(
    'a webhook that is replaced keeps its sender',
    'push-table.ts',
    ['S19'],
    ['push.lease = undefined;\n      push.waitUntil = 0;', 'push.waitUntil = 0;'],
  ),
  mutant(
    'a webhook that is replaced begins at the head',
    'push-table.ts',
    ['S19'],
    ['push.registration = registration;', 'push.registration = registration;\n      push.cursor = cursor;'],
  ),
  mutant(
    'a disabled webhook stays so when it is registered again',
    'push-table.ts',
    ['S19'],
    ['push.disabled = false;', ''],
  ),
  mutant(
    'a disabled webhook is due',
    'push-table.ts',
    ['S19'],
    ['else if (disabled || task.visibleSeq', 'else if (task.visibleSeq'],
  ),
  mutant(
    'a webhook does not wait for its next attempt',
    'push-table.ts',
    ['S19'],
    ['Math.max(waitUntil, now())', 'now()'],
  ),
  mutant(
    'what nobody sees makes a webhook due',
    'task-table.ts',
    ['S19'],
    ["return kind === 'status' || kind === 'artifact' || kind === 'message';", "return kind !== 'open';"],
  ),
  mutant(
    'an artifact makes no webhook due',
    'task-table.ts',
    ['S19'],
    [
      "kind === 'status' || kind === 'artifact' || kind === 'message'",
      "kind === 'status' || kind === 'message'",
    ],
  ),
  mutant(
    'a task may have any number of webhooks',
    'push-table.ts',
    ['S19'],
    ['if (known === undefined && task.pushes.length >= Math.max(1, perTask)) return false;', ''],
  ),
  mutant('the cursor moves back', 'push-storage.ts', ['S19'], ['Math.max(found.cursor, cursor)', 'cursor']),
  mutant(
    'an ack that keeps the lease does not prolong it',
    'push-storage.ts',
    ['S19'],
    ['else found.lease.until = table.now() + leaseMs;', ''],
  ),
  mutant(
    'a sender whose webhook was taken over still counts',
    'push-storage.ts',
    ['S19'],
    ['found?.lease?.token === token ? found : undefined', 'found'],
  ),
  mutant('a success does not forget the failures', 'push-storage.ts', ['S19'], ['found.failures = 0;', '']),
  mutant(
    'a webhook that is given back has failed',
    'push-storage.ts',
    ['S19'],
    [
      'if (reason !== undefined) fail(found, reason, table.now());',
      "fail(found, reason ?? '', table.now());",
    ],
  ),
  mutant(
    'webhooks of others are found',
    'push-storage.ts',
    ['S19'],
    ['const task = table.find(taskId, scope);', 'const task = table.find(taskId);'],
  ),
  mutant('a webhook outlives its task', 'task-table.ts', ['S19'], ['push.forget(record);', '']),
];

/** Each port with the mutants of its memory backend. */
export const MUTANTS = [
  {
    port: 'Storage',
    test: 'storage.test.ts',
    mutants: [...APPEND, ...CLIENT, ...LEASES, ...LOG, ...READS, ...PUSH],
  },
  { port: 'EventBus', test: 'event-bus.test.ts', mutants: BUS },
  { port: 'Broker', test: 'broker.test.ts', mutants: BROKER },
];
