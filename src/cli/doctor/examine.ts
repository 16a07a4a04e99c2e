// Everything that `sluice doctor` looks at, in the order in which it is told. Rule: it runs with and without a running Sluice and with a config
// that is broken: what cannot be looked at is said, and nothing that it does changes anything.
import type { Config } from '../../config/config.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { ConfigError, problemLine } from '../../config/problem.ts';
import type { StatusAnswer } from '../../control/admin-answers.ts';
import { SluiceError } from '../../core/errors.ts';
import { findConfigFiles } from '../config-files.ts';
import type { CliContext } from '../context.ts';
import { findDaemon } from '../find-daemon.ts';
import { checkCertificates } from './certificates.ts';
import { checkClock } from './clock.ts';
import { checkDns } from './dns.ts';
import { checkDoor, wantedDoors } from './doors.ts';
import { failure, type Finding, ok, skipped, warning } from './finding.ts';
import { checkDataFolder, checkEnvironment, checkNode, checkOpenFiles, readLimits } from './machine.ts';
import { checkAccounts, checkHops, checkRunning, type Running } from './running.ts';
import { namedServers, visit } from './servers.ts';

export interface Examination {
  readonly configFiles: readonly string[] | undefined;
  /** Nobody else is asked anything. */
  readonly isOffline: boolean;
  readonly timeoutMs: number;
}

export async function examine(context: CliContext, wanted: Examination): Promise<Finding[]> {
  const node = checkNode(process.versions.node);
  const { loaded, findings: ofConfig } = await readConfig(context, wanted.configFiles);
  const { running, findings: ofRunning } = await findRunning(context, wanted.configFiles);
  if (loaded === null) return [node, ...ofConfig, ...ofRunning];
  const { config } = loaded;
  const held = running?.status.doors.map(({ address }) => address) ?? [];
  const doors = await Promise.all(wantedDoors(config).map((door) => checkDoor(door, held)));
  return [
    node,
    ...ofConfig,
    ...ofRunning,
    ...checkDataFolder(config.process.data_dir),
    ...doors,
    checkOpenFiles(readLimits(running?.status.pid ?? process.pid), config),
    ...checkEnvironment(context.env, (host, port) => isOwnDoor(config, host, port)),
    ...checkCertificates(config, Date.now()),
    ...(wanted.isOffline ? [] : await checkOthers(config, running, wanted.timeoutMs)),
  ];
}

async function checkOthers(config: Config, running: Running | null, timeoutMs: number): Promise<Finding[]> {
  const [dns, visits, hops, accounts] = await Promise.all([
    checkDns(config, timeoutMs),
    Promise.all(namedServers(config).map((server) => visit(server, timeoutMs))),
    checkHops(config, running),
    checkAccounts(config, running, Date.now()),
  ]);
  const ahead = visits.flatMap(({ aheadMs }) => (aheadMs === null ? [] : [aheadMs]));
  return [...dns, ...hops, ...visits.map(({ finding }) => finding), ...accounts, checkClock(ahead)];
}

async function readConfig(
  context: CliContext,
  named: readonly string[] | undefined,
): Promise<{ loaded: LoadedConfig | null; findings: Finding[] }> {
  const files = findConfigFiles(context, named);
  const subject = files.length === 0 ? 'the defaults' : files.join(', ');
  try {
    const loaded = await loadConfig({ files, env: context.env, cwd: context.cwd });
    const warnings = loaded.warnings.map((problem) => warning('config', '', problemLine(problem)));
    return { loaded, findings: warnings.length > 0 ? warnings : [ok('config', subject, 'valid')] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const hint = 'sluice config validate';
    return { loaded: null, findings: error.problems.map((each) => failure('config', '', problemLine(each), hint)) };
  }
}

async function findRunning(
  context: CliContext,
  named: readonly string[] | undefined,
): Promise<{ running: Running | null; findings: Finding[] }> {
  try {
    const client = await findDaemon(context, named);
    const running = { client, status: await client.get<StatusAnswer>('/api/v1/status') };
    return { running, findings: checkRunning(running) };
  } catch (error) {
    if (error instanceof ConfigError) return { running: null, findings: [] };
    if (!(error instanceof SluiceError)) throw error;
    const isAbsent = error.code === 'daemon_unreachable' && context.env['SLUICE_ADMIN_URL'] === undefined;
    const finding = isAbsent ? skipped('running', '', 'no Sluice runs') : failure('admin', '', error.message);
    return { running: null, findings: [finding] };
  }
}

function isOwnDoor({ egress }: Config, host: string, port: number): boolean {
  const isHere = /^(?:localhost|127\.\d+\.\d+\.\d+|::1)$/.test(host);
  return isHere && egress.listen.some((address) => address.endsWith(`:${port}`));
}
