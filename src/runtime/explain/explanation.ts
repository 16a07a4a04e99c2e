// What a dry run asks and what it finds out, as the admin API and `sluice explain` show it. Types only. Rule: it holds no secret:
// of credentials only the name of the user, of proxies where they are.

export interface Question {
  /** `egress`, `gateway`, or the port of one of their addresses; null: whichever the URL is for. */
  readonly door: string | null;
  readonly method: string;
  /** A whole URL, or host and port as CONNECT has them. */
  readonly url: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** The address of the client. */
  readonly from: string;
  /** As if this user had shown a valid token. */
  readonly user: string | null;
}

export interface Explanation {
  readonly door: ExplainedDoor;
  /** The request as that door gets it. */
  readonly request: string;
  readonly from: string;
  readonly user: string | null;
  readonly session: string | null;
  /** In the order in which they run, up to the one that answers. */
  readonly policies: readonly ExplainedPolicy[];
  /** null: it did not come to a choice. */
  readonly choice: ExplainedChoice | null;
  readonly hops: readonly ExplainedHop[];
  readonly result: ExplainedResult;
  /** Whether the states of proxies are those of the Sluice that runs. */
  readonly states: 'running' | 'unknown';
}

export interface ExplainedDoor {
  readonly name: 'egress' | 'gateway';
  readonly listen: readonly string[];
  /** Why it is this door. */
  readonly why: string;
}

export interface ExplainedPolicy {
  readonly name: string;
  readonly does: string;
}

export interface ExplainedChoice {
  readonly kind: 'rule' | 'no_proxy' | 'chain' | 'route';
  /** A key path of the configuration, or the name of a route. */
  readonly name: string;
  /** Where it stands; null: it has its default. */
  readonly place: string | null;
  /** What it is for. */
  readonly why: string;
  /** Those that were not taken, each with the reason. */
  readonly others: readonly string[];
}

export interface ExplainedHop {
  readonly name: string;
  readonly strategy: string;
  /** The id of the proxy that would be picked now; null: nobody can be. */
  readonly picked: string | null;
  readonly why: string;
  readonly members: readonly ExplainedMember[];
}

export interface ExplainedMember {
  readonly id: string;
  /** Without credentials. */
  readonly proxy: string;
  readonly available: boolean;
  /** Why it is not; empty where it is. */
  readonly obstacle: string;
}

export interface ExplainedResult {
  readonly kind: 'refused' | 'answered' | 'direct' | 'hops' | 'backend';
  /** Of the answer, where it comes from Sluice itself. */
  readonly status: number | null;
  readonly code: string | null;
  readonly text: string;
}
