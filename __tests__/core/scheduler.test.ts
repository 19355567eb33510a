import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { memoryBackend } from '../../lib/memory/backend.ts';
import { KEPT } from '../helpers/kept-schedules.ts';
import { SCENARIOS } from '../helpers/scenarios.ts';
import { chooseBy, createScheduler, exhaust } from '../../lib/testing/scheduler.ts';
import { type CreateBackend, runScenario } from '../helpers/world.ts';

const memory: CreateBackend = (clock) => memoryBackend({ clock });
// set higher for a long search; a failure prints its seed and its choices
const runs = Number(process.env['SCHEDULES'] ?? 80);
const choices = fc.array(fc.nat(99), { maxLength: 150, size: 'max' });

describe('every order of steps leaves all readers with the final task, and no input unprocessed', () => {
  it.each(Object.entries(SCENARIOS))('%s', async (name, scenario) => {
    await fc.assert(
      fc.asyncProperty(choices, (numbers) => runScenario(memory, scenario, chooseBy(numbers))),
      { numRuns: runs, examples: (KEPT[name] ?? []).map((numbers) => [[...numbers]]) },
    );
    await exhaust(runs, (choose) => runScenario(memory, scenario, choose));
  });

  it('keeps schedules only of scenarios that there are', () => {
    expect(Object.keys(KEPT).filter((name) => SCENARIOS[name] === undefined)).toEqual([]);
  });
});

describe('the scheduler', () => {
  it('runs every order of two actors with two steps each', async () => {
    const orders = new Set<string>();
    const count = await exhaust(100, async (choose) => {
      const { step, run, trace } = createScheduler(choose);
      const actor = async (name: string) => {
        await step(`${name}1`);
        await step(`${name}2`);
      };
      await run(Promise.all([actor('a'), actor('b')]), () => false);
      orders.add(trace().join(' '));
    });
    expect([count, orders.size]).toEqual([6, 6]);
  });

  it('finds an update that is lost between reading and writing', async () => {
    const outcomes = new Set<number>();
    await exhaust(100, async (choose) => {
      const { step, run } = createScheduler(choose);
      let value = 0;
      const add = async () => {
        const before = value;
        await step('write');
        value = before + 1;
      };
      const actor = () => step('read').then(add);
      await run(Promise.all([actor(), actor()]), () => false);
      outcomes.add(value);
    });
    expect(outcomes).toEqual(new Set([1, 2]));
  });

  it('tells of a program that is stuck', async () => {
    const { step, run } = createScheduler(chooseBy([]));
    const forever = step('begins').then(() => new Promise(() => {}));
    await expect(run(forever, () => false)).rejects.toThrow('Stuck after:\nbegins');
  });
});
