import { Bag } from '../core/bag.ts';
import type { Placed } from '../core/heap.ts';

/** Bounds the bytes of all bodies that are being read, together. */
export interface BodyRoom {
  /** Begins a body. `giveWay` is called at most once: when room is short, and this is the largest body there is. */
  readonly enter: (giveWay: () => void) => BodyPlace;
}

/** One body that is being read. */
export interface BodyPlace {
  readonly take: (bytes: number) => void;
  /** Gives all of it back; twice is fine. */
  readonly leave: () => void;
}

interface Held extends Placed {
  bytes: number;
  readonly giveWay: () => void;
}

/**
 * Makes room for so many bytes; Infinity stands for no limit. Where it runs short the largest body gives way, not the one
 * that came last: whoever sends little is served, however many large bodies are held open.
 */
export function createBodyRoom(mostBytes: number): BodyRoom {
  const bodies = new Bag<Held>();
  let all = 0;

  function free(body: Held): void {
    if (bodies.remove(body)) all -= body.bytes;
  }

  function makeRoom(): void {
    while (all > mostBytes) {
      const largest = bodies.all().reduce((most, body) => (body.bytes > most.bytes ? body : most));
      free(largest);
      largest.giveWay();
    }
  }

  return {
    enter(giveWay) {
      const body = { bytes: 0, giveWay, place: 0 };
      bodies.add(body);
      return {
        take(bytes) {
          body.bytes += bytes;
          all += bytes;
          makeRoom();
        },
        leave: () => {
          free(body);
        },
      };
    },
  };
}
