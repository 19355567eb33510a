import { expect, it } from '@jest/globals';
import { soak } from '../helpers/soak.ts';

// CI streams a fifth; `npm run test:soak` all of them: every position in which a stream can break
const TASKS = Number(process.env['SOAK_TASKS'] ?? 400);

it(`${String(TASKS)} streams arrive complete, in order and once, whatever a proxy does to them`, async () => {
  const { wrong, ...result } = await soak({ tasks: TASKS, seed: 6, parallel: 16 });
  expect(wrong).toEqual([]);
  const { faults, cutFirst, cutSecond, length } = result;
  // the damage was done
  expect(result.connections).toBeGreaterThan(TASKS * 2);
  for (const count of Object.values(faults)) expect(count).toBeGreaterThan(TASKS / 10);
  expect(cutFirst.size).toBe(Math.min(TASKS, length));
  expect(cutSecond.size).toBeGreaterThan(TASKS / 2);
}, 600_000);
