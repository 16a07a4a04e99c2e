// Environment variables as lines that a shell can take in. Rule: a value means itself, whatever characters it holds.

export const VARIABLE_SHELLS = ['bash', 'zsh', 'sh', 'fish', 'powershell', 'cmd'] as const;

export type VariableShell = (typeof VARIABLE_SHELLS)[number];

/** null takes a variable away. */
export type ShellVariables = Readonly<Record<string, string | null>>;

export function shellLines(shell: VariableShell, variables: ShellVariables): string {
  const lines = Object.entries(variables).map(([name, value]) => lineOf(shell, name, value));
  return lines.map((line) => `${line}\n`).join('');
}

function lineOf(shell: VariableShell, name: string, value: string | null): string {
  if (shell === 'fish') return value === null ? `set -e ${name}` : `set -gx ${name} ${fishQuoted(value)}`;
  if (shell === 'powershell') {
    if (value === null) return `Remove-Item Env:${name} -ErrorAction SilentlyContinue`;
    return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  }
  if (shell === 'cmd') return `set "${name}=${value ?? ''}"`;
  return value === null ? `unset ${name}` : `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`;
}

function fishQuoted(value: string): string {
  return `'${value.replace(/[\\']/g, String.raw`\$&`)}'`;
}

/** The shell that the command was called from, as far as the environment tells. */
export function shellOf(env: Readonly<Record<string, string | undefined>>): VariableShell {
  const name = /([a-z]+)(?:\.exe)?$/i.exec(env['SHELL'] ?? '')?.[1]?.toLowerCase();
  const known = VARIABLE_SHELLS.find((shell) => shell === name);
  if (known !== undefined) return known;
  return env['SHELL'] === undefined && env['PSModulePath'] !== undefined ? 'powershell' : 'sh';
}
