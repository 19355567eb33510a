import { describe, expect, it } from '@jest/globals';
import { brokenOff, CallEnd } from '../../lib/http/call-end.ts';

describe('the end of a call', () => {
  it('is told once to all who listen, by whichever reason comes first', async () => {
    const call = new CallEnd();
    const [first, second] = [Symbol('first'), Symbol('second')];
    const heard: unknown[] = [];
    call.throwIfAborted();
    call.addEventListener('abort', () => heard.push('function'));
    call.addEventListener('abort', { handleEvent: () => heard.push('object') });
    call.end(first);
    call.end(second);
    call.addEventListener('abort', () => heard.push('late'));
    expect(heard).toEqual(['function', 'object']);
    expect([call.aborted, call.reason]).toEqual([true, first]);
    // the reason itself, as of an AbortSignal
    await expect(
      Promise.resolve().then(() => {
        call.throwIfAborted();
      }),
    ).rejects.toBe(first);
  });

  it('is told in the order in which they came, and once to each', () => {
    const call = new CallEnd();
    const heard: string[] = [];
    const [first, second, third] = ['first', 'second', 'third'].map((name) => () => heard.push(name));
    for (const listener of [first, second, first, second])
      call.addEventListener('abort', listener as () => void);
    call.removeEventListener('abort', first as () => void);
    for (const listener of [third, first]) call.addEventListener('abort', listener as () => void);
    call.end(Symbol('over'));
    expect(heard).toEqual(['second', 'third', 'first']);
  });

  it('is not told to a listener that was removed, even by another one', () => {
    const call = new CallEnd();
    const heard: string[] = [];
    const last = () => heard.push('last');
    call.addEventListener('abort', () => {
      heard.push('first');
      call.removeEventListener('abort', last);
    });
    call.addEventListener('abort', last);
    call.end(Symbol('over'));
    expect(heard).toEqual(['first']);
  });

  it('breaks off what is waited for, also where it has come already', async () => {
    const call = new CallEnd();
    const hangs = new Promise<never>(() => undefined);
    const waiting = call.unlessEnded(hangs, brokenOff);
    call.end(Symbol('the client has gone'));
    await expect(waiting).rejects.toThrow('the client has gone');
    await expect(call.unlessEnded(hangs, brokenOff)).rejects.toThrow('the client has gone');
    await expect(new CallEnd().unlessEnded(Promise.resolve(1), brokenOff)).resolves.toBe(1);
  });
});
