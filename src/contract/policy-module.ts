// What a module of the user's own is: the types that `import type { … } from 'sluice'` gives. Types only. Rule: whatever a module
// needs at run time is handed to it, so that it imports nothing of ours and no second copy of Sluice is ever loaded.
import type { ErrorCode, SluiceError } from '../core/errors.ts';
import type { Policy } from './policy.ts';

export type { ErrorCode, SluiceError } from '../core/errors.ts';
export type { Answer, ClientView, Exchange, Fields, RequestView, ResponseView } from './exchange.ts';
export type { BodySink, BodyTransform, Phase, Policy, TunnelGuard, UpgradeWatch } from './policy.ts';

/** What a module exports, each under its name. */
export interface PolicyModule<Settings = unknown> {
  /** Called once per place of the configuration that names the module, on every thread and for every reload. */
  readonly policy: CreatePolicy<Settings>;
  /** Throws when the settings will not do; what it says is shown with the line of the settings. */
  readonly check?: (settings: unknown) => void;
  /** Any schema with the interface of standardschema.dev (zod, valibot, arktype and others); `policy` gets what it makes of the settings. */
  readonly schema?: StandardSchema<Settings>;
  /** The version of the contract that the module was written for; without it, the first. */
  readonly apiVersion?: 1;
}

/** Does not wait: what takes time is begun here and awaited in `request`, or at the top of the module. */
export type CreatePolicy<Settings = unknown> = (settings: Settings, context: PolicyContext) => Policy;

export interface PolicyContext {
  readonly apiVersion: 1;
  /** The module, as a whole path. */
  readonly file: string;
  /** Where the configuration names it: `policies`, `gateway.policies`, `egress.policies` or the policies of one route. */
  readonly place: string;
  /** The name of the route, where it is one that names the module. */
  readonly route: string | null;
  readonly log: PolicyLog;
  /** For `BodySink.fail` and `Exchange.abort`, and to be thrown: an error that clients see as one of ours, with that code. */
  error(code: ErrorCode, message?: string): SluiceError;
}

/** Writes into the log of the program. An error goes into the field `err`. */
export interface PolicyLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** The part of standardschema.dev, version 1, that is used here. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  };
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
