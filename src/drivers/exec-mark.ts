/** A command has it in its environment, and so has all that it starts. */
export const MARK = 'MOORAGE_EXEC'

/**
 * For `sh -c`, with `MOORAGE_EXEC=<id>` as `$0`: kills all that has that in its environment, and says which. Engines end no command: this does
 * it from inside, with nothing but a shell's own words (no image needs to have `grep` or `ps`). `read` passes over the NULs of `environ`.
 */
export const KILL = `for p in /proc/[0-9]*; do
  while IFS= read -r line || [ -n "$line" ]; do
    case "$line" in *"$0"*) kill -9 "\${p#/proc/}" && echo "\${p#/proc/}" ;; esac
  done < "$p/environ"
done 2>/dev/null`
