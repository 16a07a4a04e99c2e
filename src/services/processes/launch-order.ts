// What the launcher is told to start. Types only.
export interface LaunchOrder {
  readonly id: string;
  readonly file: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: 'closed' | 'open';
}
