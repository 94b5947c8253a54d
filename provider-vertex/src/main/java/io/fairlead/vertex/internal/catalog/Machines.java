package io.fairlead.vertex.internal.catalog;

import io.fairlead.grammar.Problems;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The accelerators that machine types have of their own or support; unknown series support any. */
public final class Machines {
  private static final Set<String> WITHOUT = Set.of(
      "e2", "n2", "n2d", "n4", "n4a", "n4d", "c2", "c2d", "c3", "c3d", "c4", "c4a", "c4d", "t2d",
      "t2a", "m1", "m2", "m3", "m4", "h3", "h4d", "x4", "z3");
  private static final Map<String, Set<Integer>> ON_N1 = Map.of(
      "NVIDIA_TESLA_T4", Set.of(1, 2, 4),
      "NVIDIA_TESLA_P4", Set.of(1, 2, 4),
      "NVIDIA_TESLA_P100", Set.of(1, 2, 4),
      "NVIDIA_TESLA_V100", Set.of(1, 2, 4, 8),
      "NVIDIA_TESLA_K80", Set.of(1, 2, 4, 8));
  /** A machine type with TPUs ends with the number of their chips. */
  private static final Pattern TPU =
      Pattern.compile("(?:ct[0-9][a-z0-9]*|tpu[0-9][a-z0-9]*)-[a-z]+-([0-9]+)t");

  private static final Pattern TOPOLOGY = Pattern.compile("[1-9][0-9]{0,2}(x[1-9][0-9]{0,2}){1,2}");

  private Machines() {}

  /** The accelerators that a machine type has of its own. */
  public record BuiltIn(String accelerator, int count) {}

  private static final class Known {
    static final Map<String, BuiltIn> ALL = read();
    /** The part before the last hyphen, of those in the list. */
    static final Set<String> FAMILIES =
        ALL.keySet().stream().map(Machines::family).collect(Collectors.toUnmodifiableSet());

    private static Map<String, BuiltIn> read() {
      Map<String, BuiltIn> all = new TreeMap<>();
      try (InputStream in = Machines.class.getResourceAsStream("machines.csv");
          BufferedReader lines = new BufferedReader(
              new InputStreamReader(Objects.requireNonNull(in), StandardCharsets.UTF_8))) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          if (!line.startsWith("#")) {
            List<String> fields = List.of(line.split(",", -1));
            all.put(fields.get(0), new BuiltIn(fields.get(1), Integer.parseInt(fields.get(2))));
          }
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return all;
    }
  }

  private static String family(String machineType) {
    return machineType.substring(0, Math.max(0, machineType.lastIndexOf('-')));
  }

  /** {@return the accelerators that a machine type has of its own; empty if it has none, or is unknown} */
  public static Optional<BuiltIn> builtIn(String machineType) {
    return Optional.ofNullable(Known.ALL.get(machineType));
  }

  /** {@return whether a machine type has TPUs} */
  public static boolean haveTpus(String machineType) {
    return TPU.matcher(machineType).matches();
  }

  /** {@return whether a replica has an accelerator} */
  public static boolean haveAccelerators(String machineType, int count) {
    return count > 0 || haveTpus(machineType);
  }

  /** Adds a problem for accelerators that a machine type does not have, and a warning where that is not known. */
  public static void check(
      String machineType, String accelerator, int count, List<String> warnings, Problems problems) {
    if (accelerator.isEmpty()) {
      return;
    }
    String series = machineType.replaceFirst("-.*", "");
    Optional<BuiltIn> builtIn = builtIn(machineType);
    if (haveTpus(machineType)) {
      problems.check(
          false,
          "runtime.options",
          "must not name an accelerator in VertexRuntime, because the TPUs of " + machineType
              + " come with VertexScaling.withTpuTopology",
          accelerator);
    } else if (builtIn.isPresent()) {
      checkBuiltIn(machineType, builtIn.get(), accelerator, count, warnings, problems);
    } else if (Known.FAMILIES.contains(family(machineType))) {
      warnings.add(
          "machine type " + machineType
              + " is not among those of its series that this version knows: its accelerators are not checked");
    } else if (series.equals("n1")) {
      Set<Integer> counts = ON_N1.getOrDefault(accelerator, Set.of());
      problems
          .check(
              !counts.isEmpty(),
              "runtime.options",
              "must name an accelerator that n1 machines support in VertexRuntime, such as NVIDIA_TESLA_T4; "
                  + "others have machine types of their own, such as g2-standard-12",
              accelerator)
          .check(
              counts.isEmpty() || counts.contains(count),
              "scaling.options",
              "must have 1, 2 or 4 of them in VertexScaling, or 8 of NVIDIA_TESLA_V100 and NVIDIA_TESLA_K80",
              count);
    } else {
      problems.check(
          !WITHOUT.contains(series),
          "scaling.instanceType",
          "must be of a series that supports accelerators, such as n1, g2 or a2",
          machineType);
    }
  }

  private static void checkBuiltIn(
      String machineType,
      BuiltIn builtIn,
      String accelerator,
      int count,
      List<String> warnings,
      Problems problems) {
    problems
        .check(
            accelerator.equals(builtIn.accelerator()),
            "runtime.options",
            "must name the accelerator that " + machineType + " has in VertexRuntime, "
                + builtIn.accelerator(),
            accelerator)
        .check(
            count <= builtIn.count(),
            "scaling.options",
            "must not have more accelerators in VertexScaling than " + machineType
                + " has, which is " + builtIn.count(),
            count);
    if (count < builtIn.count()) {
      warnings.add("each " + machineType + " has " + builtIn.count()
          + " accelerators, of which a replica takes " + count
          + ": Vertex AI decides whether other replicas can use the rest");
    }
  }

  /** Adds a problem for a machine type that has accelerators, without which Vertex AI does not deploy it. */
  public static void checkGiven(String machineType, String accelerator, Problems problems) {
    builtIn(machineType)
        .filter(builtIn -> accelerator.isEmpty())
        .ifPresent(builtIn -> problems.check(
            false,
            "runtime.options",
            "must name the accelerator that " + machineType + " has in VertexRuntime, "
                + builtIn.accelerator() + ", and its number in VertexScaling",
            "none"));
  }

  /** Adds a problem for a TPU topology that a machine type does not have. */
  public static void checkTopology(
      String machineType, Optional<String> topology, Problems problems) {
    Matcher tpu = TPU.matcher(machineType);
    if (!tpu.matches()) {
      problems.check(
          topology.isEmpty(),
          "scaling.options",
          "must not have a TPU topology in VertexScaling, unless the machine type has TPUs, such as ct6e-standard-4t",
          topology.orElse(""));
      return;
    }
    problems.check(
        topology.isPresent(),
        "scaling.options",
        "must have a VertexScaling with a TPU topology for " + machineType + ", such as 2x2",
        "none");
    int chips = Integer.parseInt(tpu.group(1));
    topology
        .filter(text -> TOPOLOGY.matcher(text).matches())
        .ifPresent(text -> problems.check(
            chips(text) % chips == 0,
            "scaling.options",
            "must have a TPU topology in VertexScaling whose chips are a multiple of those of "
                + machineType + ", which has " + chips,
            text));
  }

  private static int chips(String topology) {
    int chips = 1;
    for (String side : topology.split("x", -1)) {
      chips *= Integer.parseInt(side);
    }
    return chips;
  }
}
