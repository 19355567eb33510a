import { describe, expect, it } from '@jest/globals';
import { createBodyRoom } from '../../lib/http/body-room.ts';

describe('the room of bodies', () => {
  it('is enough for so many bytes, and the largest gives way to one more', () => {
    const gaveWay: string[] = [];
    const room = createBodyRoom(100);
    const [ada, bob, carol] = ['ada', 'bob', 'carol'].map((name) => room.enter(() => gaveWay.push(name)));
    ada?.take(40);
    bob?.take(50);
    carol?.take(10);
    expect(gaveWay).toEqual([]);
    carol?.take(1);
    expect(gaveWay).toEqual(['bob']);
    carol?.take(49);
    expect(gaveWay).toEqual(['bob']);
    carol?.take(1);
    expect(gaveWay).toEqual(['bob', 'carol']);
  });

  it('is given back once by each that leaves', () => {
    const gaveWay: string[] = [];
    const room = createBodyRoom(100);
    const ada = room.enter(() => gaveWay.push('ada'));
    ada.take(60);
    ada.leave();
    ada.leave();
    const bob = room.enter(() => gaveWay.push('bob'));
    bob.take(100);
    expect(gaveWay).toEqual([]);
    room.enter(() => gaveWay.push('carol')).take(1);
    expect(gaveWay).toEqual(['bob']);
  });

  it('has no end where Infinity is the limit', () => {
    const room = createBodyRoom(Infinity);
    for (let count = 0; count < 100; count += 1)
      room.enter(() => expect('nobody').toBe('asked')).take(2 ** 40);
  });
});
