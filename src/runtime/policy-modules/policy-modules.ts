// Loads the modules of the user's own policies. Rule: a module that has changed is another one for Node, by the version in its URL; a
// module that has not changed is the one that is there already, with all that it knows.
import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { policyFileUses } from '../../config/checks/policy-files.ts';
import type { Config } from '../../config/config.ts';
import type { PolicyFault } from '../../config/load.ts';
import type { PolicySettings } from '../../config/schema/user-policies.ts';
import type { PolicyModule } from '../../contract/policy-module.ts';
import { SluiceError } from '../../core/errors.ts';
import { isOneFile } from '../../services/program/program-parts.ts';
import { readSettings } from './policy-settings.ts';

const API_VERSION = 1;

export class PolicyModules {
  private modules: ReadonlyMap<string, PolicyModule> = new Map();

  /** Rejects when one of them cannot be loaded; those that were there stay then. */
  async load(config: Config): Promise<void> {
    const modules = new Map<string, PolicyModule>();
    for (const { file, settings } of policyFileUses(config)) {
      if (settings !== false && !modules.has(file)) modules.set(file, await loadPolicyModule(file));
    }
    this.modules = modules;
  }

  require(file: string): PolicyModule {
    const found = this.modules.get(file);
    if (found === undefined) throw new SluiceError('internal', { message: `${file} has not been loaded` });
    return found;
  }
}

/** For whoever checks a configuration: the module is run, its `policy` is not called. */
export async function inspectPolicy(file: string, settings: PolicySettings): Promise<readonly PolicyFault[]> {
  try {
    const read = readSettings(await loadPolicyModule(file), settings);
    return 'faults' in read ? read.faults : [];
  } catch (cause) {
    if (!(cause instanceof ModuleError)) throw cause;
    return [{ message: cause.reason, at: null }];
  }
}

/** A module that is none, or cannot be run. */
class ModuleError extends SluiceError {
  readonly reason: string;

  constructor(file: string, reason: string, cause?: unknown) {
    super('config_invalid', { message: `${file}: ${reason}`, cause });
    this.reason = reason;
  }
}

/** A program of one file has no loader of its own for what is not in it. */
const load: (url: string) => Promise<unknown> = isOneFile
  ? (new Script('(url) => import(url)', {
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    }).runInThisContext() as (url: string) => Promise<unknown>)
  : (url) => import(url);

export async function loadPolicyModule(file: string): Promise<PolicyModule> {
  const url = pathToFileURL(file);
  let exported: Readonly<Record<string, unknown>>;
  try {
    url.search = `version=${versionOf(file)}`;
    exported = (await load(url.href)) as typeof exported;
  } catch (cause) {
    throw new ModuleError(file, reasonOf(cause, file, url.href), cause);
  }
  const fault = faultOf(exported);
  if (fault !== null) throw new ModuleError(file, fault);
  return exported as unknown as PolicyModule;
}

function versionOf(file: string): string {
  const { mtimeNs, size, ino } = statSync(file, { bigint: true });
  return `${mtimeNs}-${size}-${ino}`;
}

function faultOf(exported: Readonly<Record<string, unknown>>): string | null {
  // Node keeps one copy of such a file, whatever the version in its URL.
  if ('module.exports' in exported)
    return 'it exports nothing, or is a CommonJS module: it is to be an ES module that exports `policy`';
  const { policy, check, schema, apiVersion = API_VERSION } = exported;
  if (apiVersion !== API_VERSION) {
    return `it is written for version ${String(apiVersion)} of the contract, and this Sluice has version ${API_VERSION}`;
  }
  if (typeof policy !== 'function') {
    const hint = 'default' in exported ? ' (not as the default)' : '';
    return `it does not export a function named \`policy\`${hint}`;
  }
  if (check !== undefined && typeof check !== 'function') return 'what it exports as `check` is not a function';
  if (schema !== undefined && !isStandardSchema(schema)) {
    return 'what it exports as `schema` has not the interface of standardschema.dev';
  }
  return null;
}

function isStandardSchema(schema: unknown): boolean {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false;
  const standard: unknown = Reflect.get(schema, '~standard');
  return typeof standard === 'object' && standard !== null && typeof Reflect.get(standard, 'validate') === 'function';
}

/** What the module says, and the line that says it, if it is one of its own: Node names it by path or by URL. */
function reasonOf(cause: unknown, file: string, url: string): string {
  if (!(cause instanceof Error)) return `it threw ${String(cause)}`;
  const { message, stack = '' } = cause;
  const line = [`${url}:`, `${pathToFileURL(file).href}:`, `${file}:`]
    .map((start) => /^\d+/.exec(stack.split(start, 2)[1] ?? '')?.[0])
    .find((found) => found !== undefined);
  return `${message.replaceAll(url, 'it').replaceAll(file, 'it')}${line === undefined ? '' : ` (line ${line})`}`;
}
