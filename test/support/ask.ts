// One request on a connection of its own. Rule: when the answer is there, nothing of the question is left.
import http from 'node:http';
import { readAll } from './origins.ts';

export interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A unix socket instead of the address of the URL. */
  readonly socketPath?: string;
  /** What stands in the request line, instead of the path of the URL. */
  readonly target?: string;
  /** From where it comes. */
  readonly localAddress?: string;
}

export interface Answered {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export function ask(
  url: string,
  { method = 'GET', headers = {}, body, socketPath, target, localAddress }: Asked = {},
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const place = socketPath === undefined ? {} : { socketPath };
    const path = target === undefined ? {} : { path: target };
    const from = localAddress === undefined ? {} : { localAddress };
    const request = http.request(url, { method, headers, agent: false, ...place, ...path, ...from }, (response) => {
      readAll(response).then(
        (text) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        reject,
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}
