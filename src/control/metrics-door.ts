// The metrics door: Prometheus text at one path, and nothing else. Rule: no token and no Host check, since it tells numbers
// only and scrapers call it by whatever name they know.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { errorBody, ERROR_CATALOGUE, type ErrorCode } from '../core/errors.ts';
import { HttpDoor } from './http-door.ts';
import { newRequestId } from './request-id.ts';

export interface MetricsDoorOptions {
  readonly listen: string;
  /** The path of the metrics, by the config in force. */
  readonly path: () => string;
  readonly contentType: string;
  readonly render: () => string;
}

export function metricsDoor(options: MetricsDoorOptions): HttpDoor {
  return new HttpDoor({
    name: 'metrics',
    key: 'metrics.listen',
    listen: options.listen,
    handler: (request, response) => answer(options, request, response),
  });
}

function answer(options: MetricsDoorOptions, request: IncomingMessage, response: ServerResponse): void {
  const { method = '', url = '' } = request;
  if (url.split('?', 1)[0] !== options.path()) {
    refuse(response, 'not_found', `The metrics are at ${options.path()}.`);
  } else if (method !== 'GET' && method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 'method_not_allowed');
  } else {
    const text = Buffer.from(options.render());
    response.writeHead(200, { 'Content-Type': options.contentType, 'Content-Length': text.length });
    response.end(method === 'HEAD' ? undefined : text);
  }
}

function refuse(response: ServerResponse, code: ErrorCode, message?: string): void {
  const { status, summary } = ERROR_CATALOGUE[code];
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify(errorBody(code, message ?? summary, newRequestId())));
}
