// Counts the hot path with a storage that makes the whole task anew for each entry, and prints what the guard says to it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judge } from '../../bench/guard/judge.mjs';
import { measureAll } from '../../bench/guard/measure.mjs';

const LIMITS = join(import.meta.dirname, '../../bench/guard/limits.json');

/** @type {import('../../bench/guard/measure.mjs').Wrap} */
const wrap = (storage) => ({
  ...storage,
  async append(lease, producerSeq, entries) {
    const stored = await storage.append(lease, producerSeq, entries);
    const snapshot = await storage.loadTask(lease.taskId);
    // a copy by JSON, as stores write it that keep a task in one row
    if (snapshot !== undefined) JSON.parse(JSON.stringify(snapshot.task));
    return stored;
  },
});
const counts = await measureAll({ wrap, growth: { short: 200, long: 400 } });
const { failures } = judge(counts, JSON.parse(readFileSync(LIMITS, 'utf8')));
console.log(JSON.stringify(failures));
process.exit(0);
