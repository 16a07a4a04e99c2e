// One request to a provider of AI. Rule: every proxy under test takes the same one; the fields that only one of them reads don't
// disturb the others.
import { TOKEN } from '../peers/sluice-policies.ts';

/** Behind the prefix of the proxy. */
export const AI_PATH = '/v1/messages';

export interface AiRequest {
  readonly prefix: string;
  /** Where the provider is, for proxies that are told with each request. */
  readonly backend: string;
  readonly bytes?: number;
  /** The connection is closed behind its answer. */
  readonly isLast?: boolean;
}

export function aiFields(backend: string): Record<string, string> {
  return {
    Authorization: `Bearer ${TOKEN}`,
    'Content-Type': 'application/json',
    'anthropic-version': '2023-06-01',
    'User-Agent': 'bench',
    'x-portkey-provider': 'anthropic',
    'x-portkey-custom-host': backend,
  };
}

/** A conversation of about so many bytes. */
export function aiBody(model: string, bytes: number): string {
  const text = 'You are asked about a program and its parts. '.repeat(Math.ceil(bytes / 45)).slice(0, bytes);
  const stream = model !== 'small';
  return JSON.stringify({ model, max_tokens: 64, stream, messages: [{ role: 'user', content: `Hello. ${text}` }] });
}

export function aiRequest(model: string, { prefix, backend, bytes = 100, isLast = false }: AiRequest): string {
  const body = aiBody(model, bytes);
  const fields = { Host: 'localhost', ...aiFields(backend), 'Content-Length': String(body.length) };
  const lines = Object.entries({ ...fields, ...(isLast && { Connection: 'close' }) });
  return `POST ${prefix}${AI_PATH} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
}
