// From files, environment and flags to one normalised configuration, or to everything that is wrong with it.
// Rule: flag over environment over later file over earlier file over default; nothing is used unless all of it is valid.

import { unavailableUses } from './availability.ts';
import {
  checkAddresses,
  checkExposure,
  checkGatewayListen,
  checkControlDoors,
  checkLoops,
  checkOpenServices,
  checkUsersExist,
} from './checks/doors.ts';
import { checkAiLimits } from './checks/ai-limits.ts';
import { checkAiStores } from './checks/ai-stores.ts';
import { checkForwardAuth } from './checks/auth.ts';
import { checkCors } from './checks/cors.ts';
import { checkEgressRules, checkProxies, checkStickyPorts } from './checks/egress.ts';
import { checkFilterFiles, filterFiles } from './checks/filter-files.ts';
import type { Check, Finding } from './checks/finding.ts';
import { checkAgents, checkHops, checkTunnelNames, checkUsers } from './checks/names.ts';
import { checkLimits } from './checks/limits.ts';
import { checkMirror } from './checks/mirror.ts';
import { checkPolicyFiles, policyFileUses } from './checks/policy-files.ts';
import { checkAgentUse } from './checks/agents.ts';
import { checkAi } from './checks/ai.ts';
import { checkRoutes } from './checks/routes.ts';
import { checkNode, checkState } from './checks/state.ts';
import { checkTlsFiles, tlsFiles } from './checks/tls-files.ts';
import { checkTraces } from './checks/traces.ts';
import type { Config } from './config.ts';
import { overrideDoor } from './door-override.ts';
import { makePathsAbsolute } from './file-paths.ts';
import { formatPath, type KeyPath } from './key-path.ts';
import { isWritten, originsOf, type Origins } from './origins.ts';
import { environmentOverrides, flagOverrides, type FlagValue, type Overrides } from './overrides.ts';
import { ConfigError, type ConfigProblem } from './problem.ts';
import { namePolicyFiles } from './policy-files.ts';
import { problemOf, type Fault } from './problem-report.ts';
import { readSources } from './read-sources.ts';
import { resolveVariables } from './resolve-variables.ts';
import type { PolicySettings } from './schema/user-policies.ts';
import { explainKey } from './schema-problems.ts';
import {
  findNode,
  firstLine,
  mergeNodes,
  placeNearest,
  setNode,
  type ConfigNode,
  type MapNode,
  type PlainValue,
  type Source,
} from './source-tree.ts';
import { validate } from './validate.ts';
import { withoutHops } from './without-hops.ts';

export interface LoadOptions {
  /** Later files go over earlier ones. None: the defaults. */
  readonly files: readonly string[];
  /** Reads `sluice.dev.yaml` after `sluice.yaml` for the profile `dev`. */
  readonly profile?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly overrides?: readonly FlagValue[];
  readonly cwd: string;
  /** Names of hops to leave out. */
  readonly without?: readonly string[];
  /** Whoever only looks at a configuration may look at features that are not available yet. */
  readonly ignoreAvailability?: boolean;
  /** Loads the modules of policies and holds their settings against them; without it they are only looked for. */
  readonly inspectPolicy?: InspectPolicy;
}

/** What is wrong with a module, or with settings for it. */
export type InspectPolicy = (file: string, settings: PolicySettings) => Promise<readonly PolicyFault[]>;

export interface PolicyFault {
  readonly message: string;
  /** Within the settings; null: it is the module that is at fault. */
  readonly at: KeyPath | null;
}

export interface LoadedConfig extends Origins {
  readonly config: Config;
  /** Every file that was read, absolute, secret files and certificates too: what to watch. */
  readonly files: readonly string[];
  readonly warnings: readonly ConfigProblem[];
}

const CHECKS: readonly Check[] = [
  checkUsers,
  checkHops,
  checkProxies,
  checkEgressRules,
  checkStickyPorts,
  checkAgents,
  checkTunnelNames,
  checkAddresses,
  checkExposure,
  checkOpenServices,
  checkUsersExist,
  checkGatewayListen,
  checkControlDoors,
  checkLoops,
  checkRoutes,
  checkLimits,
  checkMirror,
  checkAi,
  checkAgentUse,
  checkAiStores,
  checkAiLimits,
  checkNode,
  checkState,
  checkTlsFiles,
  checkTraces,
  checkPolicyFiles,
  checkCors,
  checkFilterFiles,
  checkForwardAuth,
];

/** Throws a ConfigError with all problems. */
export async function loadConfig(options: LoadOptions): Promise<LoadedConfig> {
  const read = await readSources(options);
  if (read.faults.length > 0) throw new ConfigError(read.faults.map(problemOf));
  const named = read.trees.map((tree) => namePolicyFiles(tree, options));
  const written = named
    .map(({ root }) => root)
    .reduce<MapNode>((below, above) => mergeNodes(below, above) as MapNode, emptyTree(options.cwd));
  const { root: resolved, faults: unset, secretFiles } = resolveVariables(written, options.env);
  const faults = [...named.flatMap((each) => each.faults), ...unset];
  const root = withOverrides(resolved, [
    environmentOverrides(options.env, options.cwd),
    flagOverrides(options.overrides ?? [], options.cwd),
  ]);
  const validated = validate(root);
  const sources = read.trees.map(({ place }) => place.source);
  if (faults.length > 0 || 'faults' in validated) {
    const others = 'faults' in validated ? validated.faults.filter((fault) => !isAt(fault, faults)) : [];
    throw new ConfigError(inOrder([...faults, ...others], sources));
  }
  const config = withoutHops(validated.config, options.without ?? []);
  makePathsAbsolute(config, root, options);
  const problems = inOrder(faultsAcross(config, root, options), sources);
  if (problems.some(({ severity }) => severity === 'error')) throw new ConfigError(problems);
  const ofModules = inOrder(await faultsOfModules(config, root, options.inspectPolicy), sources);
  if (ofModules.length > 0) throw new ConfigError(ofModules);
  return {
    config,
    ...originsOf(config as unknown as PlainValue, root),
    files: [...new Set([...read.files, ...secretFiles, ...namedFiles(config)])],
    warnings: problems,
  };
}

function namedFiles(config: Config): string[] {
  return [...tlsFiles(config), ...policyFileUses(config), ...filterFiles(config)].map(({ file }) => file);
}

function emptyTree(cwd: string): MapNode {
  const source = { kind: 'flag', name: '', folder: cwd, text: '' } as const;
  return { kind: 'map', place: { source, from: 0, to: 0 }, entries: new Map() };
}

function withOverrides(root: MapNode, overrides: readonly Overrides[]): MapNode {
  let result = root;
  for (const { values, door } of overrides) {
    for (const { path, value } of values) result = setNode(result, path, value);
    result = overrideDoor(result, door);
  }
  return result;
}

/** What the schema says about a text whose variable could not be resolved only repeats that. */
function isAt(fault: Fault, others: readonly Fault[]): boolean {
  return others.some(({ path }) => path === fault.path);
}

function faultsAcross(config: Config, root: ConfigNode, { ignoreAvailability }: LoadOptions): Fault[] {
  const wasWritten = (path: KeyPath): boolean => isWritten(root, path);
  const findings = CHECKS.flatMap((check) => check({ config, isWritten: wasWritten }));
  const unavailable: readonly Finding[] =
    ignoreAvailability === true
      ? []
      : unavailableUses(config).map(({ path, sentence }) => ({
          code: 'not_available_yet',
          message: `${formatPath(path)}: ${sentence}`,
          path,
          atKey: true,
        }));
  return [...findings, ...unavailable].map((finding) => faultOf(finding, root));
}

/** One after the other: whoever imports one thing twice at once learns less of what is wrong with it. */
async function faultsOfModules(config: Config, root: ConfigNode, inspect?: InspectPolicy): Promise<Fault[]> {
  const faults: Fault[] = [];
  for (const { file, settings, path } of inspect === undefined ? [] : policyFileUses(config)) {
    if (settings === false) continue;
    for (const { message, at } of (await inspect?.(file, settings)) ?? []) {
      const finding: Finding =
        at === null
          ? { code: 'config_module', message: `${file}: ${message}`, path, atKey: true }
          : {
              code: 'config_bad_value',
              message: `${formatPath([...path, ...at])}: ${message}`,
              path: [...path, ...at],
            };
      faults.push({ ...faultOf(finding, root), explain: null });
    }
  }
  return faults;
}

function faultOf({ severity, code, message, path, hint, atKey }: Finding, root: ConfigNode): Fault {
  const found = findNode(root, path);
  const { node, keyPlace, rest } = found;
  const isWritten = rest.length === 0 || node.kind === 'scalar';
  // Of a configuration in which nobody wrote anything near, the defaults are to blame.
  const nearest = rest.length === path.length ? undefined : placeNearest(found, path);
  const place = isWritten ? (atKey === true ? (keyPlace ?? node.place) : node.place) : nearest;
  return {
    ...(severity !== undefined && { severity }),
    code,
    message,
    path: formatPath(path),
    place: place && firstLine(place),
    ...(hint !== undefined && { hint }),
    explain: code === 'not_available_yet' ? null : explainKey(path),
  };
}

/** By file, in the order in which they are read, then by place; what comes from elsewhere stands at the end. */
function inOrder(faults: readonly Fault[], sources: readonly Source[]): ConfigProblem[] {
  const rank = ({ place }: Fault): number => {
    const index = sources.findIndex((source) => source === place?.source);
    return index === -1 ? sources.length : index;
  };
  return faults
    .toSorted((left, right) => rank(left) - rank(right) || (left.place?.from ?? 0) - (right.place?.from ?? 0))
    .map(problemOf);
}
