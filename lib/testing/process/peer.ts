/** What goes between two processes: a call with its number, or the answer to one. */
type Letter =
  | { readonly call: number; readonly name: string; readonly args: readonly unknown[] }
  | { readonly answer: number; readonly value: unknown }
  | { readonly answer: number; readonly error: { readonly message: string; readonly code: unknown } };

/** One end of a line to another process. Both ends may call. */
export interface Peer {
  readonly call: (name: string, ...args: unknown[]) => Promise<unknown>;
  /** Takes what the other end has sent. */
  readonly receive: (letter: unknown) => void;
  /** The other end is gone: what waits for it rejects, and so does what is called from now on. */
  readonly fail: (error: Error) => void;
}

/** Calls what the other end asks for. */
export type Answer = (name: string, args: readonly unknown[]) => unknown;

/** Makes an end of a line. `send` takes what structured clone takes; of an error its message and code arrive. */
export function createPeer(send: (letter: unknown) => void, answer: Answer): Peer {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let count = 0;
  let gone: Error | undefined;

  async function answerCall(call: number, name: string, args: readonly unknown[]): Promise<void> {
    try {
      const value = await answer(name, args);
      send({ answer: call, value });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      send({
        answer: call,
        error: { message, code: error instanceof Error && 'code' in error ? error.code : undefined },
      });
    }
  }

  return {
    call(name, ...args) {
      if (gone !== undefined) return Promise.reject(gone);
      count += 1;
      const call = count;
      return new Promise((resolve, reject) => {
        waiting.set(call, { resolve, reject });
        send({ call, name, args });
      });
    },
    receive(received) {
      const letter = received as Letter; // only peers write on this line
      if ('call' in letter) {
        void answerCall(letter.call, letter.name, letter.args);
        return;
      }
      const waiter = waiting.get(letter.answer);
      waiting.delete(letter.answer);
      if ('value' in letter) waiter?.resolve(letter.value);
      else waiter?.reject(Object.assign(new Error(letter.error.message), { code: letter.error.code }));
    },
    fail(error) {
      gone = error;
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
  };
}
