// The least that stands between a program and a client: PORT. What is short is for the client to start by itself; of /bin/cat the output
// is piped into the answer, bare and with no word about how it ended.
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage } from 'node:http';

interface Asked {
  readonly command: string;
  readonly args?: readonly string[];
}

async function read(request: IncomingMessage): Promise<Asked> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part as string;
  return JSON.parse(text) as Asked;
}

const server = createServer((request, response) => {
  void read(request).then(({ command, args = [] }) => {
    if (command !== '/bin/cat') {
      response.writeHead(204, { 'X-Start-It-Yourself': '1' }).end();
      return;
    }
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    response.writeHead(200, { 'X-Plain-Pipe': '1' });
    child.stdout.pipe(response);
  });
});
server.listen(Number(process.argv[2]), '127.0.0.1');
