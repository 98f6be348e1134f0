import { CString, dlopen, FFIType, type Pointer } from "bun:ffi";

const { cstring, i32, ptr, u32, void: nothing } = FFIType;

/** The system's name of it: version 1 of its interface. */
const LIBRARY = "libnftables.so.1";
const NFT_CTX_DEFAULT = 0;
const OUTPUT_JSON = 1 << 4;
/** Without the elements of sets. */
const OUTPUT_TERSE = 1 << 11;

function load() {
  return dlopen(LIBRARY, {
    nft_ctx_new: { args: [u32], returns: ptr },
    nft_ctx_free: { args: [ptr], returns: nothing },
    nft_ctx_output_set_flags: { args: [ptr, u32], returns: nothing },
    nft_ctx_set_dry_run: { args: [ptr, FFIType.bool], returns: nothing },
    nft_ctx_buffer_output: { args: [ptr], returns: i32 },
    nft_ctx_buffer_error: { args: [ptr], returns: i32 },
    nft_ctx_get_output_buffer: { args: [ptr], returns: ptr },
    nft_ctx_get_error_buffer: { args: [ptr], returns: ptr },
    nft_run_cmd_from_buffer: { args: [ptr, cstring], returns: i32 },
  }).symbols;
}

/** The library is not on this machine. */
export class LibnftablesMissingError extends Error {
  override readonly name = "LibnftablesMissingError";

  constructor(found: string) {
    super(
      `could not load ${LIBRARY}: ${found}; ` +
        "install it (Debian, Ubuntu: libnftables1), or use the netlink writer, which needs no library",
    );
  }
}

let symbols: ReturnType<typeof load> | undefined;

function library(): ReturnType<typeof load> {
  try {
    symbols ??= load();
    return symbols;
  } catch (error) {
    throw new LibnftablesMissingError(error instanceof Error ? error.message : String(error));
  }
}

export interface LibnftablesOptions {
  readonly format?: "json" | "text";
  /** Lists sets without their elements. */
  readonly terse?: boolean;
  /** Check only, change nothing. */
  readonly dryRun?: boolean;
}

export interface LibnftablesAnswer {
  readonly ok: boolean;
  readonly output: string;
  readonly errors: string;
}

type Address = Pointer | bigint;

function text(address: Address | null): string {
  return address === null ? "" : new CString(Number(address));
}

/**
 * One context of libnftables: an nfnetlink socket in the namespace that the thread is in when it is opened, and a
 * cache. The library owns the buffers of output and errors and reuses them with the next call: they are copied here.
 * The context is ours to free.
 */
export class Libnftables {
  #context: Address | undefined;

  private constructor(context: Address) {
    this.#context = context;
  }

  /** Throws LibnftablesMissingError. */
  static open(options: LibnftablesOptions = {}): Libnftables {
    const nft = library();
    const context = nft.nft_ctx_new(NFT_CTX_DEFAULT);
    if (context === null) throw new LibnftablesMissingError("it gives no context");
    const { format = "json", terse = false, dryRun = false } = options;
    const flags = (format === "json" ? OUTPUT_JSON : 0) | (terse ? OUTPUT_TERSE : 0);
    nft.nft_ctx_output_set_flags(context, flags);
    nft.nft_ctx_set_dry_run(context, dryRun);
    nft.nft_ctx_buffer_output(context);
    nft.nft_ctx_buffer_error(context);
    return new Libnftables(context);
  }

  /** Commands as JSON (libnftables-json(5)) or as nft's text; blocks while the kernel works. */
  run(commands: string): LibnftablesAnswer {
    const context = this.#context;
    if (context === undefined) throw new Error("this libnftables context was closed; open a new one");
    const nft = library();
    const input = Buffer.from(`${commands}\0`);
    const ok = nft.nft_run_cmd_from_buffer(context, input) === 0;
    return {
      ok,
      output: text(nft.nft_ctx_get_output_buffer(context)),
      errors: text(nft.nft_ctx_get_error_buffer(context)),
    };
  }

  [Symbol.dispose](): void {
    if (this.#context === undefined) return;
    library().nft_ctx_free(this.#context);
    this.#context = undefined;
  }
}
