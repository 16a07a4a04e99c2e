// The inspector of tunnels that a command keeps open: a door of its own, with the requests of visitors and nothing else of the admin API.
// Rule: it stands on loopback unless somebody says otherwise, and its token, which is made for this run alone, is kept nowhere.

import { randomBytes } from 'node:crypto';
import { SluiceError } from '../core/errors.ts';
import { VERSION } from '../runtime/version.ts';
import type { AdminApp, AdminParts } from './admin-env.ts';
import { apiDoor } from './admin-door.ts';
import { AttemptLimiter } from './attempt-limiter.ts';
import type { HttpDoor } from './http-door.ts';
import { SessionBook } from './session-book.ts';
import { TokenBook, tokenDigest } from './token-book.ts';

type Exposed = AdminParts['sluice']['exposed'];

export interface Inspector {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** What people know from other tunnels, and the next ones, for whoever has several open. */
const FIRST_PORT = 4040;
const PORTS_TRIED = 10;
/** It is read on a panel, beside an address. */
const TOKEN_BYTES = 18;

/** `listen` null: a free port on loopback. */
export async function openInspector(listen: string | null, exposed: Exposed): Promise<Inspector> {
  const token = `slc_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  const book = new TokenBook([{ name: 'inspector', digest: tokenDigest(token) }]);
  // What happens at this door the command has no log for; its own errors are in the answers.
  const logger = { info: () => {}, warn: () => {}, error: () => {} };
  const door = await firstDoor(placesFor(listen), (place) =>
    apiDoor({ key: '--inspect', listen: place, logger }, (listenHost) =>
      inspectorApp({
        exposed,
        logger,
        listenHost,
        tokens: () => book,
        sessions: new SessionBook(),
        limiter: new AttemptLimiter(),
      }),
    ),
  );
  return { url: door.address, token, close: () => door.close() };
}

function placesFor(listen: string | null): string[] {
  if (listen !== null) return [listen];
  const ports = Array.from({ length: PORTS_TRIED }, (_, at) => FIRST_PORT + at);
  return [...ports, 0].map((port) => `127.0.0.1:${port}`);
}

/** The first that can be had. */
async function firstDoor(places: readonly string[], open: (place: string) => HttpDoor): Promise<HttpDoor> {
  let last: unknown;
  for (const place of places) {
    const door = open(place);
    try {
      await door.start();
      return door;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      last = error;
    }
  }
  throw last;
}

interface InspectorParts extends Pick<AdminParts, 'logger' | 'listenHost' | 'tokens' | 'sessions' | 'limiter'> {
  readonly exposed: Exposed;
}

async function inspectorApp({ exposed, ...checks }: InspectorParts): Promise<AdminApp> {
  const [{ checkedApp }, { addTunnelRequestRoutes }, { addExposedRoute }, { addHealthRoute }] = await Promise.all([
    import('./admin-checks.ts'),
    import('./routes/tunnel-requests.ts'),
    import('./routes/tunnels.ts'),
    import('./routes/health.ts'),
  ]);
  const app = checkedApp(checks);
  app.get('/', (context) => context.text(welcome(context.req.header('Host') ?? '')));
  addHealthRoute(app);
  addExposedRoute(app, { exposed });
  addTunnelRequestRoutes(app, { sluice: { exposed } });
  return app;
}

const welcome = (host: string): string => `Sluice ${VERSION}, inspector of tunnels.

The token is told where the tunnel was opened:

  curl -H "Authorization: Bearer $TOKEN" http://${host}/api/v1/tunnels/requests
  curl -H "Authorization: Bearer $TOKEN" -X POST http://${host}/api/v1/tunnels/requests/1/replay
`;
