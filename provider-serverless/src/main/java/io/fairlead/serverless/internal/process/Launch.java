package io.fairlead.serverless.internal.process;

import io.fairlead.engine.internal.support.Failures;
import io.fairlead.error.ErrorKind;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The command line and the environment of worker processes. */
final class Launch {
  /** The minimum memory of a worker JVM with a small model. */
  static final long MIN_JVM_BYTES = 128 * Sizes.MB;

  /** The minimum memory of a Python process that has imported NumPy. */
  static final long MIN_PYTHON_BYTES = 64 * Sizes.MB;

  // The memory of a JVM without C2 beside its heap.
  private static final long JVM_OVERHEAD_BYTES = 80 * Sizes.MB;
  private static final long MIN_HEAP_BYTES = 32 * Sizes.MB;
  private static final Path SHELL = Path.of("/bin/sh");
  // Answers go to descriptor 3, and standard output where standard error goes.
  private static final String LIMITED =
      "ulimit -d \"$1\" || exit 125; shift; exec \"$@\" 3>&1 1>&2";
  private static final String UNLIMITED = "shift; exec \"$@\" 3>&1 1>&2";
  private static final Set<String> PASSED_ON = Set.of(
      "PATH",
      "HOME",
      "USER",
      "LOGNAME",
      "LANG",
      "LANGUAGE",
      "TZ",
      "XDG_CACHE_HOME",
      "LD_LIBRARY_PATH",
      "DYLD_LIBRARY_PATH");
  private static final Set<String> PASSED_ON_TO_PYTHON =
      Set.of("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX");
  private static final List<String> ONE_THREAD = List.of(
      "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS");

  private Launch() {}

  /** {@return whether the operating system enforces the memory limit of a process} */
  static boolean isMemoryLimited() {
    return System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux");
  }

  static ProcessBuilder jvm(
      WorkerSpec spec, WorkerClassPath own, Path folder, boolean limited, Failures failures) {
    checkShell(failures);
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    if (!Files.isExecutable(java)) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          "A worker process needs the launcher of this JVM, and there is none at " + java
              + ": run on a JDK or JRE that has bin/java");
    }
    String scheme = spec.artifact().weights().getScheme().toLowerCase(Locale.ROOT);
    List<String> command = new ArrayList<>();
    command.add(java.toString());
    command.addAll(options(spec.limits().memoryBytes(), scheme));
    command.add("-Djava.io.tmpdir=" + folder);
    command.add("-cp");
    command.add(classPath(spec, own));
    command.add(WorkerMain.class.getName());
    ProcessBuilder process = process(command, spec.limits().memoryBytes(), limited);
    environment(process.environment(), PASSED_ON, folder);
    process.environment().putAll(spec.environment());
    return process;
  }

  /** The JVM options: a model in native code needs little heap, Java code needs most of its memory there. */
  private static List<String> options(long memoryBytes, String scheme) {
    boolean isCode = scheme.equals("java");
    // A model on the class path is unpacked into the heap.
    long heap = isCode
        ? memoryBytes - JVM_OVERHEAD_BYTES
        : scheme.equals("classpath") ? memoryBytes / 2 : memoryBytes / 4;
    List<String> options = new ArrayList<>();
    options.add("-Xmx" + Math.max(heap, MIN_HEAP_BYTES) / Sizes.MB + "m");
    options.add("-Xms8m");
    options.add("-XX:+UseSerialGC");
    if (!isCode) {
      options.add("-XX:TieredStopAtLevel=1");
    }
    options.add("-XX:-UsePerfData");
    options.add("-XX:+DisplayVMOutputToStderr");
    options.add("-XX:ErrorFile=/dev/null");
    options.add("-XX:-CreateCoredumpOnCrash");
    options.add("-Dfile.encoding=" + System.getProperty("file.encoding", "UTF-8"));
    options.add("--enable-native-access=ALL-UNNAMED");
    return options;
  }

  static ProcessBuilder python(
      PickleSpec spec, Path script, Path folder, boolean limited, Failures failures) {
    checkShell(failures);
    ProcessBuilder process = process(
        List.of(spec.python().toString(), "-u", "-B", script.toString()),
        spec.limits().memoryBytes(),
        limited);
    Set<String> passedOn = new LinkedHashSet<>(PASSED_ON);
    passedOn.addAll(PASSED_ON_TO_PYTHON);
    environment(process.environment(), passedOn, folder);
    for (String variable : ONE_THREAD) {
      process.environment().put(variable, "1");
    }
    process.environment().putAll(spec.environment());
    return process;
  }

  private static void checkShell(Failures failures) {
    if (!Files.isExecutable(SHELL)) {
      throw failures.failure(
          ErrorKind.UNSUPPORTED,
          "A worker process is started by " + SHELL + ", which does not exist on "
              + System.getProperty("os.name")
              + ": use Linux or macOS and an image with a shell, or run the model in this process");
    }
  }

  private static ProcessBuilder process(List<String> command, long memoryBytes, boolean limited) {
    List<String> all = new ArrayList<>();
    all.add(SHELL.toString());
    all.add("-c");
    all.add(limited ? LIMITED : UNLIMITED);
    all.add("fairlead-worker");
    all.add(String.valueOf(memoryBytes / 1024));
    all.addAll(command);
    return new ProcessBuilder(all);
  }

  private static void environment(
      Map<String, String> environment, Set<String> passedOn, Path folder) {
    environment.keySet().removeIf(name -> !passedOn.contains(name) && !name.startsWith("LC_"));
    environment.put("TMPDIR", folder.toString());
    // Each further arena of the C library may grow to 64 MB that are not returned to the system.
    environment.put("MALLOC_ARENA_MAX", "2");
  }

  private static String classPath(WorkerSpec spec, WorkerClassPath own) {
    List<Path> entries = spec.classPath();
    if (entries.isEmpty()) {
      entries = own.entries(Workers.handler(spec.artifact()));
    }
    return entries.stream()
        .map(entry -> entry.toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
