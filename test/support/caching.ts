// A gateway that caches in front of an origin that counts who asks it. Rule: what an origin answers is made by the test; a path tells which
// answer is meant.
import type http from 'node:http';
import type { TestContext } from 'node:test';
import { ask, type Answered, type Asked } from './ask.ts';
import { Gateway, type GatewaySettings } from './gateway.ts';
import { http1Origin } from './origins.ts';

export type Answering = (request: http.IncomingMessage, response: http.ServerResponse, count: number) => void;

export class Caching {
  readonly gateway: Gateway;
  /** What has come to the origin, as `METHOD /path`. */
  readonly asked: readonly string[];

  private constructor(gateway: Gateway, asked: readonly string[]) {
    this.gateway = gateway;
    this.asked = asked;
  }

  static async open(
    t: TestContext,
    answering: Answering,
    cache: object = {},
    settings: GatewaySettings = {},
  ): Promise<Caching> {
    const asked: string[] = [];
    const origin = await http1Origin(t, (request, response) => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
      answering(request, response, asked.length);
    });
    const gateway = await Gateway.open(t, {
      ...settings,
      gateway: { default_backend: origin, policies: { cache }, ...settings.gateway },
    });
    return new Caching(gateway, asked);
  }

  ask(path: string, asked: Asked = {}): Promise<Answered> {
    return ask(this.gateway.url + path, asked);
  }

  /** What is said of how the answer came about, and the body. */
  async told(path: string, headers: Record<string, string> = {}): Promise<string> {
    const { status, headers: fields, body } = await this.ask(path, { headers });
    return `${status} ${body} | ${told(fields)}`;
  }
}

/** Without what differs from one second to the next. */
function told(fields: http.IncomingHttpHeaders): string {
  const text = String(fields['cache-status'] ?? '');
  return text.replace(/; ttl=-?\d+/g, '').replace(/^sluice(; )?/, '');
}

export const FRESH = 'max-age=1000';
