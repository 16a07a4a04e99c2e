// The admin door: what carries the admin API to node:http. Rule: the API and its libraries are loaded with the first
// request, so that a Sluice that nobody asks starts faster and stays smaller.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { parseAddress } from '../core/address.ts';
import { errorBody, ERROR_CATALOGUE } from '../core/errors.ts';
import type { AdminParts } from './admin-env.ts';
import { HttpDoor } from './http-door.ts';
import { newRequestId } from './request-id.ts';

type RequestListener = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function adminDoor(listen: string, parts: Omit<AdminParts, 'listenHost'>): HttpDoor {
  const address = parseAddress(listen, { host: '' });
  const listenHost = address.kind === 'tcp' ? address.host : 'localhost';
  let listener: Promise<RequestListener> | undefined;
  return new HttpDoor({
    name: 'admin',
    key: 'admin.listen',
    listen,
    handler: (request, response) => {
      listener ??= loadListener({ ...parts, listenHost });
      listener
        .then((serve) => serve(request, response))
        .catch((error: unknown) => {
          parts.logger.error({ err: error }, 'admin request failed');
          response.destroy();
        });
    },
  });
}

async function loadListener(parts: AdminParts): Promise<RequestListener> {
  const [{ getRequestListener }, { createAdminApp }] = await Promise.all([
    import('@hono/node-server'),
    import('./admin-app.ts'),
  ]);
  const app = createAdminApp(parts);
  return getRequestListener((request, bindings) => app.fetch(request, bindings), {
    // Other parts of the program use the Request and Response that Node has.
    overrideGlobalObjects: false,
    errorHandler: answerUnreadable,
  });
}

/** A request that has no valid address, which the API never sees. */
function answerUnreadable(): Response {
  const { status, summary } = ERROR_CATALOGUE.request_invalid;
  const body = JSON.stringify(errorBody('request_invalid', summary, newRequestId()));
  return new Response(body, { status, headers: { 'Content-Type': 'application/json' } });
}
