// What `import { expose } from 'sluice'` runs: one tunnel in the program of somebody else. Rule: it writes nothing, listens to no signal, and
// leaves nothing behind once it is closed.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Exposure, ExposeOptions, ExposureStatus, expose as Expose } from '../contract/library.ts';
import { SluiceError } from '../core/errors.ts';
import { tunnelClient } from '../config/schema/tunnel-client.ts';
import { type ClientEnd, exposeTunnels, nameOfServer, type TunnelClient } from './tunnel-client/expose-tunnels.ts';
import { readTunnelTokens } from './tunnel-client/tunnel-tokens.ts';

const USUAL_SERVER = 'localhost:6400';

export const expose: typeof Expose = async (options) => {
  const { env } = process;
  const server = options.server ?? env['RETUNNEL_SERVER_ENDPOINT'] ?? USUAL_SERVER;
  const token = options.token ?? env['RETUNNEL_AUTH_TOKEN'] ?? savedToken(server);
  if (token === null) {
    const message = `There is no token for ${server}: give one, or save one with: sluice register --server ${server}`;
    throw new SluiceError('tunnel_refused', { message });
  }
  const exposure = new OpenExposure(options, { server, token });
  await exposure.opened;
  return exposure;
};

function savedToken(server: string): string | null {
  const folder = process.env['SLUICE_PROCESS__DATA_DIR'] ?? join(homedir(), '.sluice');
  return readTunnelTokens(folder).tokens[nameOfServer(server)] ?? null;
}

/** As a configuration would say it, and judged as one. */
function tunnelOf(options: ExposeOptions): ReturnType<typeof tunnelClient.parse>['tunnels'][number] {
  const { port, host, subdomain, hostname, auth, allow, hostHeader, requestHeaders, responseHeaders } = options;
  const written = {
    name: subdomain ?? `port-${port}`,
    local_port: port,
    ...(host !== undefined && { local_host: host }),
    ...(subdomain !== undefined && { subdomain }),
    ...(hostname !== undefined && { hostname }),
    ...(auth !== undefined && { auth }),
    ...(allow !== undefined && { allow }),
    ...(hostHeader !== undefined && { host_header: hostHeader }),
    ...(requestHeaders !== undefined && { request_headers: requestHeaders }),
    ...(responseHeaders !== undefined && { response_headers: responseHeaders }),
  };
  const judged = tunnelClient.safeParse({ tunnels: [written] });
  const [tunnel] = judged.data?.tunnels ?? [];
  if (tunnel !== undefined) return tunnel;
  const said = judged.error?.issues.map(({ path, message }) => `${path.slice(2).join('.')}: ${message}`) ?? [];
  throw new SluiceError('usage', { message: `This cannot be exposed: ${said.join('; ')}` });
}

class OpenExposure implements Exposure {
  url = '';
  status: ExposureStatus = 'reconnecting';
  /** Resolves at the first success. */
  readonly opened: Promise<void>;
  readonly ended: Promise<void>;
  readonly #client: TunnelClient;
  readonly #onStatus: NonNullable<ExposeOptions['onStatus']>;
  readonly #end = Promise.withResolvers<void>();

  constructor(options: ExposeOptions, { server, token }: { readonly server: string; readonly token: string }) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    this.ended = this.#end.promise;
    // Who does not ask is not to be ended by it.
    this.ended.catch(() => {});
    this.#onStatus = options.onStatus ?? (() => {});
    const { tries, onRequest } = options;
    this.#client = exposeTunnels(
      {
        server,
        token,
        tunnels: [tunnelOf(options)],
        env: process.env,
        isPatient: false,
        ...(tries !== undefined && { tries }),
      },
      {
        connecting: () => {},
        opened: ([first]) => {
          this.url = first?.url ?? '';
          this.#be('online', '');
          resolve();
        },
        lost: (why) => this.#be('reconnecting', why),
        request: ({ tunnel: _tunnel, ...record }) => onRequest?.(record),
        ended: (end) => {
          const error = errorOf(end, server);
          this.#be('ended', error.message);
          this.#end.reject(error);
          reject(error);
        },
      },
    );
    this.#client.start();
  }

  close(): void {
    this.#client.close();
    if (this.status === 'ended') return;
    this.#be('ended', 'closed');
    this.#end.resolve();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #be(status: ExposureStatus, why: string): void {
    if (this.status === status) return;
    this.status = status;
    this.#onStatus(status, why);
  }
}

function errorOf({ kind, code, why }: ClientEnd, server: string): SluiceError {
  const said = code === null ? why : `${why} (${code})`;
  const codes = { usage: 'usage', refused: 'tunnel_refused', unreachable: 'tunnel_unreachable' } as const;
  return new SluiceError(codes[kind], { message: `The tunnel server ${server}: ${said}` });
}
