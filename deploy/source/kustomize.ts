/** By path below deploy/. */
export function kustomizeFiles(_image: string): ReadonlyMap<string, string> {
  return new Map();
}
