import type { IncomingMessage, RequestListener } from 'node:http';
import { type Handler, mountPath, pathBelow, pathOf } from '../http/handler.ts';
import { addressBefore } from './caller.ts';
import type { Checks } from './checks.ts';

/** What `before` is on a router for requests that only Express makes: not callable. */
export interface BeforeNeedsPlainRequests {
  readonly 'make the router with a2aRouter<IncomingMessage>(…), as no Express runs before it': never;
}

/** Answers what is below `given`, as the router mounted there would; all else goes to the app, untouched. */
export function putBefore<Req extends IncomingMessage>(
  { answer, watchAddress }: Pick<Handler<Req>, 'answer'> & Pick<Checks<Req>, 'watchAddress'>,
  app: RequestListener,
  given: string,
): RequestListener {
  const mount = mountPath(given);
  const addressOf = (req: Req) => watchAddress(req, addressBefore(req, app, mount), app);
  return (req, res) => {
    const path = pathBelow(mount, pathOf(req));
    // the type of `before` sees to it that any request will do
    if (path === undefined) app(req, res);
    else answer(req as Req, res, { path, addressOf }, () => app(req, res));
  };
}
