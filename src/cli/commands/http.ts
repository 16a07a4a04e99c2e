// `sluice http PORT`: a local server on a public address. Rule: what a flag says of the tunnel wins over every file.

import { Command, Option } from 'commander';
import { SluiceError } from '../../core/errors.ts';
import { addConfigOption } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { fieldChanges } from '../field-changes.ts';
import { addPatienceFlags, type PatienceFlags, patienceOf } from '../patience-flags.ts';
import { addExamples } from '../examples.ts';
import { addHealthInterval, addHealthPath, type HealthFlags, healthOf } from '../health-flags.ts';
import { addInspectFlag, type InspectFlag, inspectWishOf } from '../inspect-flag.ts';
import { localPlace } from '../local-place.ts';

interface HttpOptions extends PatienceFlags, HealthFlags, InspectFlag {
  readonly config?: readonly string[];
  readonly server?: string;
  readonly subdomain?: string;
  readonly hostname?: string;
  readonly auth?: string;
  readonly group?: true;
  readonly hostHeader: string;
  readonly allow?: readonly string[];
  readonly requestHeader?: readonly string[];
  readonly responseHeader?: readonly string[];
}

export function httpCommand(context: CliContext): Command {
  const collect = (value: string, values: readonly string[] = []): readonly string[] => [...values, value];
  const command = new Command('http')
    .description('Give a local HTTP server a public address, through a tunnel server.')
    .argument('<PORT>', 'its port, or HOST:PORT')
    .option('--server <ADDRESS>', 'the tunnel server: host:port or a URL such as wss://tunnels.example.com')
    .option('--subdomain <NAME>', 'the wanted name')
    .option('--hostname <DOMAIN>', 'a domain of your own')
    .option('--auth <USER:PASSWORD>', 'ask visitors for this user name and password')
    .option('--group', 'share the name with other clients of yours that say the same')
    .addOption(
      new Option(
        '--host-header <NAME>',
        'the name that the local server hears: "local" is its own, "visitor" the public one, else this',
      ).default('local'),
    )
    .option('--allow <NETWORK>', 'only visitors from there; may be given several times', collect)
    .option('--request-header <LINE>', 'set "Name: value" in requests, or remove "Name:"; several times', collect)
    .option('--response-header <LINE>', 'the same in answers', collect)
    .action(async (port: string, options: HttpOptions) => {
      const inspectAt = inspectWishOf(options);
      const [{ requireToken, tunnelSettings }, { runTunnels }] = await Promise.all([
        import('../tunnel-settings.ts'),
        import('../run-tunnels.ts'),
      ]);
      const place = localPlace(port);
      checkAuth(options.auth);
      const settings = await tunnelSettings(context, options);
      const tunnel = {
        name: options.subdomain ?? `port-${place.local_port}`,
        protocol: 'http' as const,
        ...place,
        subdomain: options.subdomain?.toLowerCase() ?? null,
        hostname: options.hostname ?? null,
        auth: options.auth ?? null,
        remote_port: null,
        proxy_protocol: null,
        group: options.group === true,
        host_header: options.hostHeader,
        allow: options.allow ?? [],
        request_headers: fieldChanges(options.requestHeader),
        response_headers: fieldChanges(options.responseHeader),
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
        ...patienceOf(options),
      };
      context.setExitCode(await runTunnels(context, run));
    });
  addHealthInterval(addHealthPath(command));
  addPatienceFlags(command);
  addInspectFlag(command);
  addConfigOption(command, 'a config with tunnels.client (default: sluice.yaml here)');
  addExamples(command, [
    ['sluice http 3000', 'a development server; the address is shown'],
    ['sluice http 3000 --subdomain myapp --auth "ann:secret"', 'with a name and a password'],
    ['sluice http 8080 --allow 203.0.113.0/24 --host-header visitor', 'for one network, under the public name'],
    ['sluice http 3000 --health-path /healthz', 'with a 503 for visitors while the server is not well'],
    ['url=$(sluice http 3000 | head -1)', 'for a script: only the address goes to stdout'],
  ]);
  return command;
}

function checkAuth(auth: string | undefined): void {
  if (auth === undefined || /^[^:]+:.+$/s.test(auth)) return;
  throw new SluiceError('usage', { message: '--auth expects USER:PASSWORD' });
}
