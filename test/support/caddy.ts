// Caddy as a backend, on a free port of 127.0.0.1: HTTP/1.1 and HTTP/2, in the clear or by TLS. Rule: as with every peer, what a test
// starts has ended with it, and without Caddy the test is skipped.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { launch, type RunningProxy, type TlsFiles } from './proxies.ts';

/** Answers everything with its name and the protocol that it was asked in. */
export function startCaddy(
  t: TestContext,
  name: string,
  tls: TlsFiles | null = null,
): Promise<RunningProxy | undefined> {
  return launch(t, 'caddy', (folder, port) => {
    const file = join(folder, 'Caddyfile');
    writeFileSync(file, configuration(folder, name, { port, tls }));
    return { peer: 'caddy', args: ['run', '--config', file, '--adapter', 'caddyfile'] };
  });
}

/** Before a server of ours. */
export function startCaddyBefore(t: TestContext, port: number): Promise<RunningProxy | undefined> {
  return launch(t, 'caddy', (folder, own) => {
    const file = join(folder, 'Caddyfile');
    const globals = `{\n\tadmin off\n\tauto_https off\n\tstorage file_system ${folder}\n}\n`;
    writeFileSync(file, `${globals}http://:${own} {\n\tbind 127.0.0.1\n\treverse_proxy 127.0.0.1:${port}\n}\n`);
    return { peer: 'caddy', args: ['run', '--config', file, '--adapter', 'caddyfile'] };
  });
}

interface Place {
  readonly port: number;
  readonly tls: TlsFiles | null;
}

function configuration(folder: string, name: string, { port, tls }: Place): string {
  const site = tls === null ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  return `
{
	admin off
	auto_https off
	storage file_system ${folder}
	servers {
		protocols h1 h2 h2c
	}
}
${site} {
	bind 127.0.0.1
	${tls === null ? '' : `tls ${tls.certFile} ${tls.keyFile}`}
	respond "${name} {http.request.proto}"
}
`;
}
