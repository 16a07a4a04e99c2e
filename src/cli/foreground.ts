// Runs a Sluice in the foreground: from a config to open doors, until somebody stops it. Rule: what the person sees goes to
// stderr, and the exit code says how it ended.

import { asksForUsers } from '../config/checks/doors.ts';
import type { Config } from '../config/config.ts';
import type { LoadedConfig } from '../config/load.ts';
import { controlDoors } from '../control/control-doors.ts';
import { newToken } from '../control/admin-token.ts';
import { narrowDoors, receivePassedDoors, type UnusedDoor } from '../runtime/doors/passed-doors.ts';
import { createDataPlane, threadsOf } from '../runtime/threads/create-data-plane.ts';
import { openTelemetry, type ProgramTelemetry } from '../runtime/assemble/program-telemetry.ts';
import type { ReloadTrigger } from '../runtime/reload.ts';
import { AccountDesk } from '../runtime/accounts/account-desk.ts';
import { BackendDesk } from '../runtime/backends/backend-desk.ts';
import { HopControl } from '../runtime/hops/hop-control.ts';
import { findOtherRunning, removeRunningFile, writeRunningFile } from '../runtime/running-file.ts';
import { settleMemory } from '../runtime/settle-memory.ts';
import { ProcessDesk } from '../runtime/processes/process-desk.ts';
import { Sluice } from '../runtime/sluice.ts';
import { TokenDesk } from '../runtime/tokens/token-desk.ts';
import { threadLog } from '../runtime/threads/thread-log.ts';
import { ClientDesk } from '../runtime/tunnel-client/client-desk.ts';
import { TunnelDesk } from '../runtime/tunnels/tunnel-desk.ts';
import { degradedUses } from '../runtime/nodes/degraded-uses.ts';
import { SharedNodes } from '../runtime/nodes/shared-nodes.ts';
import { waysOf } from '../runtime/nodes/ways-to-nodes.ts';
import { agentRoutesOfNode } from '../runtime/agents/agents-service.ts';
import { sharePurges } from '../runtime/cache-of-nodes.ts';
import { usageBookIn } from '../runtime/usage-book-in.ts';
import { VERSION } from '../runtime/version.ts';
import { FileWatch } from '../runtime/watch-files.ts';
import type { CliContext } from './context.ts';
import { Ending } from './ending.ts';
import { findPredecessor } from './predecessor.ts';
import { SystemdNotice } from './systemd-notice.ts';
import { beginTakeover, type Takeover } from './takeover.ts';
import { startUpBlock, type StartUpEgress } from './start-up-block.ts';
import { hasColor, painter } from './terminal.ts';

export interface ForegroundOptions {
  readonly load: () => Promise<LoadedConfig>;
  /** As the person named them. */
  readonly configFiles: readonly string[];
  readonly watch: boolean;
  /** Takes the place of the one that runs with the same data folder. */
  readonly takeover?: boolean;
  /** This command can be started again to take over from itself. */
  readonly isReplaceable?: boolean;
}

/** Resolves with the exit code once everything is closed; rejects when it could not start. */
export async function runInForeground(context: CliContext, options: ForegroundOptions): Promise<number> {
  const { stderr, env } = context;
  const passed = receivePassedDoors(env);
  const loaded = await options.load();
  await showWarnings(context, loaded);
  const colour = hasColor(stderr, env);
  const predecessor = options.takeover === true ? await findPredecessor(loaded.config.process.data_dir) : null;
  const telemetry = await openTelemetry(loaded.config, { isTty: stderr.isTTY === true, colour });
  const watch = options.watch ? new FileWatch(() => reload('watch')) : null;
  const systemd = new SystemdNotice(env);
  const takeover = predecessor === null ? null : beginTakeover(predecessor, systemd);
  if (options.takeover === true && takeover === null) {
    telemetry.log.info({}, 'no other Sluice runs with this process.data_dir: starting as usual');
  }
  const sluice = assemble({ loaded, load: options.load, predecessorPid: predecessor?.pid }, telemetry, (now) => {
    telemetry.log.setLevel(now.config.log.level);
    telemetry.traces.follow(now.config.traces);
    watch?.follow(now.files);
  });
  // Whether it worked is in the log, and in the metrics.
  const reload = (trigger: ReloadTrigger): void => {
    void systemd.reloading();
    void sluice
      .reload({ trigger })
      .then(ignore, ignore)
      .then(() => systemd.ready());
  };
  const ending = new Ending(sluice, telemetry, {
    onReload: () => {
      telemetry.log.reopen();
      reload('signal');
    },
    onStop: () => void systemd.stopping(),
    isReplaceable: options.isReplaceable === true,
  });
  try {
    await open(context, options, { sluice, telemetry, takeover, ending });
    void systemd.ready();
    warnOfPassedDoors(telemetry.log, loaded.config, passed.unusedBy(loaded.config));
    setImmediate(settleMemory);
    return await ending.exitCode;
  } catch (error) {
    takeover?.abandon();
    throw error;
  } finally {
    watch?.close();
    systemd.close();
    takeover?.release();
    await ending.release();
    removeRunningFile(loaded.config.process.data_dir, process.pid);
    await telemetry.close();
  }
}

const ignore = (): void => {};

/** What comes in at a door that nobody serves waits for ever. */
function warnOfPassedDoors(log: ProgramTelemetry['log'], config: Config, unused: readonly UnusedDoor[]): void {
  for (const { fd, name, address } of unused) {
    log.warn({ fd, name, address }, 'systemd has passed a socket that no door of the configuration listens at');
  }
  const doors = [...config.gateway.listen.map(({ address }) => address), ...config.egress.listen];
  for (const narrow of narrowDoors(doors, threadsOf(config.process))) {
    log.warn(narrow, 'threads have no socket of that door: name it in the unit once for each, with ReusePort=yes');
  }
}

interface Beginning {
  readonly loaded: LoadedConfig;
  readonly load: ForegroundOptions['load'];
  readonly predecessorPid: number | undefined;
}

function assemble(
  { loaded, load, predecessorPid }: Beginning,
  { log, recorder, view, traces, count, noteFault, noteReload }: ProgramTelemetry,
  onConfig: (loaded: LoadedConfig) => void,
): Sluice {
  const { data_dir: dataDir } = loaded.config.process;
  const usage = usageBookIn(loaded.config.process, log, recorder);
  const processes = new ProcessDesk({ dataDir, recorder, log: threadLog(log) });
  const nodes = new SharedNodes({ process: loaded.config.process, recorder });
  if (nodes.isShared) processes.agents.shareRuns(nodes.runs(), waysOf(loaded.config, threadLog(log), recorder));
  sharePurges(processes.cache, loaded.config.process.state, recorder);
  const routesOfNode = agentRoutesOfNode(processes.agents);
  const tunnels = new TunnelDesk({ dataDir, recorder, log: threadLog(log), nodes, routesOfNode });
  const dataPlane = createDataPlane({
    config: loaded.config,
    logger: log,
    recorder,
    view,
    accessSink: log.sink,
    tellUsage: usage.note,
    takeSpans: (spans) => traces.take(spans),
    processes,
    tunnelSocket: tunnels.socketPath,
    knownNames: tunnels.knownNames,
    knownPlaces: tunnels.knownPlaces,
    noteFault,
    countWorkerRestart: () => count('workerRestarts'),
  });
  const hops = new HopControl({ table: dataPlane.members, recorder, logger: log, dataDir });
  const onTokenProblem = (err: unknown): void => log.error({ err }, 'tokens of users could not be kept');
  const tokens = new TokenDesk({ dataDir, nodes, onProblem: onTokenProblem });
  const backends = new BackendDesk({ table: dataPlane.members, recorder, logger: log });
  const accounts = new AccountDesk({ table: dataPlane.members, logger: log });
  const exposed = new ClientDesk({ dataDir, env: process.env, table: dataPlane.members, log: threadLog(log) });
  const desks = { hops, tokens, backends, accounts, processes, tunnels, exposed };
  const parts = { loaded, load, dataPlane, ...desks, usage, nodes };
  const succession = predecessorPid === undefined ? {} : { predecessorPid };
  const degraded = () => degradedUses(view);
  return new Sluice({ ...parts, ...succession, degraded, logger: log, noteReload, onConfig });
}

interface Opening {
  readonly sluice: Sluice;
  readonly telemetry: ProgramTelemetry;
  readonly takeover: Takeover | null;
  readonly ending: Ending;
}

/** Opens the doors, tells the command line of this user where they are, and the person as well. */
async function open(
  { stderr, env }: CliContext,
  { configFiles }: ForegroundOptions,
  { sluice, telemetry, takeover, ending }: Opening,
): Promise<void> {
  const { log, events, view } = telemetry;
  const runToken = newToken();
  const { doors: control, keptToken } = controlDoors({ sluice, logger: log, events, view, runToken });
  await sluice.start(control);
  await takeover?.finish(sluice, log);
  const readyMs = performance.now();
  const doors = sluice.doors();
  await ending.allowHandover(runToken);
  leaveRunningFile(sluice, telemetry, { token: runToken, handover: ending.handoverAddress });
  log.info({ doors: doors.map(({ name, address }) => `${name} ${address}`), version: VERSION }, 'ready');
  const token = keptToken && { file: keptToken.file, fresh: keptToken.fresh ? keptToken.token : null };
  const metricsPath = sluice.loaded.config.metrics.path;
  const egress = startUpEgress(sluice.loaded.config);
  const block = { version: VERSION, readyMs, doors, metricsPath, egress, configFiles, token };
  stderr.write(startUpBlock(block, painter(stderr, env)));
}

function startUpEgress(config: Config): StartUpEgress {
  const { egress, users } = config;
  const user = users.find(({ may }) => may.includes('egress'))?.name ?? null;
  return { chain: egress.chain, user: asksForUsers(config) ? user : null };
}

/** Without it Sluice runs all the same, so what hinders it is only a warning. */
function leaveRunningFile(
  sluice: Sluice,
  { log }: ProgramTelemetry,
  { token, handover }: { readonly token: string; readonly handover: string | null },
): void {
  const dataDir = sluice.loaded.config.process.data_dir;
  const doors = sluice.doors().map(({ name, address }) => ({ name, address }));
  const startedAt = new Date(sluice.startedAtMs).toISOString();
  const other = findOtherRunning(dataDir);
  // Not the one whose place we have taken.
  if (other !== undefined && other.pid !== sluice.predecessorPid) {
    log.warn(
      { pid: other.pid },
      'another Sluice has the same process.data_dir: `sluice status` finds only this one now',
    );
  }
  try {
    const { pid } = process;
    writeRunningFile(dataDir, {
      schema: 'sluice.running/v1',
      pid,
      version: VERSION,
      started_at: startedAt,
      doors,
      token,
      ...(handover === null ? {} : { handover }),
    });
  } catch (error) {
    log.warn({ err: error }, 'process.data_dir cannot be written: `sluice status` and `sluice reload` will not work');
  }
}

async function showWarnings({ stderr, env }: CliContext, { warnings }: LoadedConfig): Promise<void> {
  if (warnings.length === 0) return;
  const { formatProblems } = await import('../config/format-problems.ts');
  stderr.write(formatProblems(warnings, { color: hasColor(stderr, env) }));
}
