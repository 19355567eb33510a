import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Headers } from '../binding/answer.ts';
import type { Binding } from '../binding/binding.ts';
import { CallEnd } from './call-end.ts';
import type { MeteredCall } from './call-meter.ts';
import type { AddressOf } from './urls.ts';

export const NO_HEADERS: Headers = {};

/** What a call comes with. */
interface CallParts<Req extends IncomingMessage> {
  readonly req: Req;
  readonly res: ServerResponse;
  readonly binding: Binding;
  readonly metered: MeteredCall;
  readonly addressOf: AddressOf<Req>;
}

/** A call that is being answered: one object, as there is one for as long as a stream is open. */
export class OpenCall<Req extends IncomingMessage = IncomingMessage> extends CallEnd {
  readonly req: Req;
  readonly res: ServerResponse;
  readonly binding: Binding;
  readonly metered: MeteredCall;
  readonly addressOf: AddressOf<Req>;
  /** Read once, as node makes them when they are asked for. */
  readonly headers: IncomingHttpHeaders;
  /** The headers that its answer has in any case. */
  answerHeaders: Headers = NO_HEADERS;
  /** Whether all of the body has come. */
  isRead = false;
  /** Set where nothing is left to do. */
  isOver = false;
  /** Where it is among the calls that are open. */
  place = 0;
  /** Stops the watch for its client's leaving, where that is needed. */
  unwatch: (() => void) | undefined;
  #onOver: (() => void) | undefined;

  constructor({ req, res, binding, metered, addressOf }: CallParts<Req>) {
    super();
    this.req = req;
    this.res = res;
    this.binding = binding;
    this.metered = metered;
    this.addressOf = addressOf;
    this.headers = req.headers;
  }

  /** Where the client stands in a stream that broke, as it says itself. */
  get lastEventId(): string | undefined {
    const { 'last-event-id': id } = this.headers;
    return typeof id === 'string' ? id : undefined;
  }

  /** Resolves when it is over. */
  whenOver(): Promise<void> {
    return new Promise((resolve) => {
      this.#onOver = resolve;
    });
  }

  /** Notes that nothing is left to do. */
  leave(): void {
    this.isOver = true;
    this.#onOver?.();
  }
}

/** One of any kind of requests. */
export type AnyCall = Omit<OpenCall, 'addressOf'>;
