/** A text that may be megabytes (a batch, the kernel's complaints about it), cut so that its beginning gets through. */
export function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)} ... (${text.length - most} more characters)`;
}
