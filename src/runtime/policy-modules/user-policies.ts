// Policies of the user's own, made of their modules. Rule: what a module makes is looked at once, here, so that a mistake in it keeps
// a configuration from coming into force and not requests from being answered.
import type { UserPolicy } from '../../config/schema/user-policies.ts';
import type { Phase, Policy } from '../../contract/policy.ts';
import type { PolicyContext, PolicyLog } from '../../contract/policy-module.ts';
import { SluiceError } from '../../core/errors.ts';
import { nearestName } from '../../core/nearest-name.ts';
import { guardPolicy, isThenable } from './guarded-policy.ts';
import type { PolicyModules } from './policy-modules.ts';
import { readSettings } from './policy-settings.ts';
import type { ThreadLog } from '../threads/thread-log.ts';

export type UserPolicyPlace = Pick<PolicyContext, 'place' | 'route'>;

export interface UserPolicyParts {
  readonly modules: Pick<PolicyModules, 'require'>;
  readonly log: ThreadLog;
}

const PHASES: readonly Phase[] = [
  ...(['request', 'requestBody', 'upstream', 'response', 'responseBody'] as const),
  ...(['tunnel', 'upgraded', 'done'] as const),
];
const MEMBERS: readonly string[] = [...PHASES, 'name', 'bounds', 'dispose'];

/** Throws when the module will not make one of these settings. */
export function createUserPolicy(
  { file, settings: given }: UserPolicy,
  at: UserPolicyPlace,
  { modules, log }: UserPolicyParts,
): Policy {
  const module = modules.require(file);
  const read = readSettings(module, given || {});
  if ('faults' in read) throw invalid(file, read.faults.map(({ message }) => message).join('; '));
  const context = contextOf(file, at, log);
  let made: unknown;
  try {
    made = module.policy(read.settings, context);
  } catch (cause) {
    throw invalid(file, cause instanceof Error ? cause.message : String(cause), cause);
  }
  return guardPolicy(policyOf(file, made), file, context.log);
}

function invalid(file: string, reason: string, cause?: unknown): SluiceError {
  return new SluiceError('config_invalid', { message: `${file}: ${reason}`, cause });
}

function contextOf(file: string, at: UserPolicyPlace, log: ThreadLog): PolicyContext {
  return {
    apiVersion: 1,
    file,
    ...at,
    log: logOf(file, log),
    error: (code, message) => new SluiceError(code, message === undefined ? {} : { message }),
  };
}

function logOf(policy: string, log: ThreadLog): PolicyLog {
  const at =
    (level: keyof PolicyLog) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}): void =>
      log(level, { ...fields, policy }, message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function policyOf(file: string, made: unknown): Policy {
  if (isThenable(made)) {
    Promise.resolve(made).catch(() => {});
    throw invalid(file, 'its `policy` answers with a promise, and must not wait');
  }
  if (typeof made !== 'object' || made === null) throw invalid(file, 'its `policy` did not answer with a policy');
  const policy = made as Readonly<Record<string, unknown>>;
  for (const key of Object.keys(policy)) {
    const near = MEMBERS.includes(key) ? undefined : nearestName(key, MEMBERS);
    if (near !== undefined) throw invalid(file, `its policy has \`${key}\`: was \`${near}\` meant?`);
  }
  for (const key of [...PHASES, 'dispose']) {
    const isWrong = policy[key] !== undefined && typeof policy[key] !== 'function';
    if (isWrong) throw invalid(file, `the \`${key}\` of its policy is not a function`);
  }
  if (PHASES.some((phase) => policy[phase] !== undefined)) return made as Policy;
  throw invalid(file, `its policy has none of the phases ${PHASES.join(', ')}`);
}
