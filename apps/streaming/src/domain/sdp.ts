/** The media sections of a session description (RFC 8866), line by line. */
export function mediaSections(lines: readonly string[]): string[][] {
  const sections: string[][] = [];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

export const linesOf = (sdp: string): string[] => sdp.split(/\r?\n/).filter((line) => line !== '');

/** The value of the first `a=<name>:`. */
export function attribute(lines: readonly string[], name: string): string | undefined {
  return lines.find((line) => line.startsWith(`a=${name}:`))?.slice(name.length + 3);
}

export const directionOf = (section: readonly string[]): string | undefined =>
  section.find((line) => /^a=(recvonly|sendrecv|sendonly|inactive)$/.test(line))?.slice(2);
