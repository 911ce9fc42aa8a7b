/** Something about an object that breaks a rule. */
export interface Finding {
  /** Stable, kebab-case. */
  code: string;
  severity: 'error' | 'warning';
  message: string;
  citation: string;
}

/** Collects what a check finds. */
export class Findings {
  readonly list: Finding[] = [];

  error(code: string, message: string, citation: string): void {
    this.list.push({ code, severity: 'error', message, citation });
  }

  warning(code: string, message: string, citation: string): void {
    this.list.push({ code, severity: 'warning', message, citation });
  }

  unless(holds: boolean, code: string, message: string, citation: string): void {
    if (!holds) this.error(code, message, citation);
  }
}
