// A backend of your own in front of agents: a page asks it a question, and gets the answer as it is written. It runs beside a Sluice with
// agents.yaml: `SLUICE_TOKEN=change-me-0123456789 node agents-backend.ts`, then `curl -N -d "What is in this folder?" localhost:3000`.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { SluiceClient } from 'sluice/client';

const { SLUICE_URL: url = 'http://127.0.0.1:8080', SLUICE_TOKEN: token = '', PORT: port = '3000' } = process.env;
const client = new SluiceClient({ url, token });

interface Block {
  readonly type: string;
  readonly text?: string;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const prompt = await text(request);
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  // A cut connection is mended on the way; nothing is missed.
  for await (const event of client.agents.stream({ prompt, timeout: 600 })) {
    if (event.kind === 'line') response.write(textOf(event.data));
    if (event.kind === 'complete') response.end(`\n[${event.agent.status}, session ${event.agent.session_id ?? '-'}]\n`);
  }
}

/** What Claude Code says to whoever asked. */
function textOf(line: Readonly<Record<string, unknown>>): string {
  if (line['type'] !== 'assistant') return '';
  const { content = [] } = line['message'] as { readonly content?: readonly Block[] };
  return content.map((block) => (block.type === 'text' ? (block.text ?? '') : '')).join('');
}

createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    if (!response.headersSent) response.statusCode = 502;
    response.end(`${String(error)}\n`);
  });
}).listen(Number(port), '127.0.0.1');
