// `sluice tcp PORT`: a local server that speaks no HTTP on a public port. Rule: what a flag says of the tunnel wins over every file.

import { Command, Option } from 'commander';
import { parsePort } from '../../core/address.ts';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { addExamples } from '../examples.ts';
import { addHealthInterval, type HealthFlags, healthOf } from '../health-flags.ts';
import { addInspectFlag, type InspectFlag, inspectWishOf } from '../inspect-flag.ts';
import { localPlace } from '../local-place.ts';

interface TcpOptions extends Pick<HealthFlags, 'healthInterval'>, InspectFlag {
  readonly config?: readonly string[];
  readonly server?: string;
  readonly remotePort?: string;
  readonly tls?: true;
  readonly subdomain?: string;
  readonly proxyProtocol?: 'none' | 'v1' | 'v2';
  readonly allow?: readonly string[];
  readonly json?: true;
  readonly keepTrying?: true;
}

export function tcpCommand(context: CliContext): Command {
  const collect = (value: string, values: readonly string[] = []): readonly string[] => [...values, value];
  const command = new Command('tcp')
    .description('Give a local TCP server a public port, through a tunnel server.')
    .argument('<PORT>', 'its port, or HOST:PORT')
    .option('--server <ADDRESS>', 'the tunnel server: host:port or a URL such as wss://tunnels.example.com')
    .option('-r, --remote-port <PORT>', 'the wanted port (default: the one of before, or any)')
    .option('--tls', 'a name instead of a port, for a local server that ends TLS itself')
    .option('-s, --subdomain <NAME>', 'with --tls: the wanted name (default: the one of before, or any)')
    .addOption(
      new Option(
        '--proxy-protocol <VERSION>',
        'tell the local server who the visitor is (default: as the server likes)',
      ).choices(['none', 'v1', 'v2']),
    )
    .option('--allow <NETWORK>', 'only visitors from there; may be given several times', collect)
    .option('--keep-trying', 'never give up, not even when the server was never reached')
    .option('--json', 'one JSON object a line for all that happens')
    .action(async (port: string, options: TcpOptions) => {
      const inspectAt = inspectWishOf(options);
      const [{ requireToken, tunnelSettings }, { runTunnels }] = await Promise.all([
        import('../tunnel-settings.ts'),
        import('../run-tunnels.ts'),
      ]);
      const place = localPlace(port);
      const isTls = options.tls === true;
      const remotePort = wantedPort(options.remotePort);
      checkName(isTls, remotePort, options.subdomain);
      const settings = await tunnelSettings(context, options);
      const tunnel = {
        name: `port-${place.local_port}`,
        protocol: isTls ? ('tls' as const) : ('tcp' as const),
        ...place,
        subdomain: options.subdomain?.toLowerCase() ?? null,
        hostname: null,
        auth: null,
        remote_port: remotePort,
        proxy_protocol: options.proxyProtocol ?? null,
        host_header: 'local',
        allow: options.allow ?? [],
        request_headers: {},
        response_headers: {},
        health: await healthOf(options),
      };
      const { server, through, inspect, dataDir } = settings;
      const run = {
        server,
        through,
        token: requireToken(settings),
        tunnels: [tunnel],
        dataDir,
        inspect,
        inspectAt,
        json: options.json === true,
      };
      context.setExitCode(await runTunnels(context, { ...run, isPatient: options.keepTrying === true }));
    });
  addHealthInterval(command);
  addInspectFlag(command);
  addConfigOption(command, 'a config with tunnels.client (default: sluice.yaml here)');
  addExamples(command, [
    ['sluice tcp 22', 'the SSH server of this machine; the address is shown'],
    ['sluice tcp 5432 --remote-port 20007', 'a database, on the same port each time'],
    [
      'sluice tcp 8443 --tls --subdomain app',
      'a server with a certificate of its own, which nobody on the way can read',
    ],
    ['sluice tcp 8080 --proxy-protocol v2 --allow 203.0.113.0/24', 'for one network; nginx is told who it is'],
  ]);
  return command;
}

function checkName(isTls: boolean, port: number | null, name: string | undefined): void {
  if (isTls && port !== null) throw new SluiceError('usage', { message: '--remote-port means nothing with --tls' });
  if (name === undefined) return;
  if (!isTls) throw new SluiceError('usage', { message: '--subdomain means nothing without --tls' });
  if (/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(name)) return;
  throw new SluiceError('usage', { message: '--subdomain expects a name of letters, digits and "-"' });
}

function wantedPort(text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = parsePort(text);
  if (port !== -1) return port;
  throw new SluiceError('usage', {
    message: `--remote-port expects a port from 1 to 65535, not ${JSON.stringify(text)}`,
  });
}
