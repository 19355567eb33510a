/** Bytes of the artifacts of one task. Most tasks have one: the others are in a map. */
export class ArtifactSizes {
  #firstId: string | undefined;
  #firstBytes = 0;
  #others: Map<string, number> | undefined;

  get(artifactId: string): number {
    return artifactId === this.#firstId ? this.#firstBytes : (this.#others?.get(artifactId) ?? 0);
  }

  set(artifactId: string, bytes: number): void {
    this.#firstId ??= artifactId;
    if (artifactId === this.#firstId) this.#firstBytes = bytes;
    else (this.#others ??= new Map<string, number>()).set(artifactId, bytes);
  }
}
