package io.fairlead.vertex.internal;

import io.fairlead.grammar.Problems;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The accelerators that machine types of Compute Engine have built in or support; unknown series support any. */
final class MachineSeries {
  private static final Set<String> WITHOUT = Set.of(
      "e2", "n2", "n2d", "n4", "c2", "c2d", "c3", "c3d", "c4", "t2d", "t2a", "m1", "m2", "m3", "h3",
      "z3");
  private static final Map<String, Set<Integer>> ON_N1 = Map.of(
      "NVIDIA_TESLA_T4", Set.of(1, 2, 4),
      "NVIDIA_TESLA_P4", Set.of(1, 2, 4),
      "NVIDIA_TESLA_P100", Set.of(1, 2, 4),
      "NVIDIA_TESLA_V100", Set.of(1, 2, 4, 8),
      "NVIDIA_TESLA_K80", Set.of(1, 2, 4, 8));
  private static final Map<String, String> BUILT_IN = Map.of(
      "a2-highgpu", "NVIDIA_TESLA_A100",
      "a2-megagpu", "NVIDIA_TESLA_A100",
      "a2-ultragpu", "NVIDIA_A100_80GB",
      "a3-highgpu", "NVIDIA_H100_80GB",
      "a3-megagpu", "NVIDIA_H100_MEGA_80GB",
      "a3-ultragpu", "NVIDIA_H200_141GB");
  private static final Pattern WITH_BUILT_IN = Pattern.compile("(a[23]-[a-z]+)-(\\d+)g");
  private static final Pattern G2 = Pattern.compile("g2-standard-(\\d+)");
  private static final Map<String, Integer> MANY_ON_G2 = Map.of("24", 2, "48", 4, "96", 8);

  private MachineSeries() {}

  /** The built-in accelerators of a machine type. */
  record BuiltIn(String accelerator, int count) {}

  /** {@return the built-in accelerators of a machine type; empty if it has none, or is unknown} */
  static Optional<BuiltIn> builtIn(String machineType) {
    Matcher g2 = G2.matcher(machineType);
    if (g2.matches()) {
      return Optional.of(new BuiltIn("NVIDIA_L4", MANY_ON_G2.getOrDefault(g2.group(1), 1)));
    }
    Matcher known = WITH_BUILT_IN.matcher(machineType);
    return known.matches() && BUILT_IN.containsKey(known.group(1))
        ? Optional.of(new BuiltIn(BUILT_IN.get(known.group(1)), Integer.parseInt(known.group(2))))
        : Optional.empty();
  }

  /** Adds a problem for an accelerator that a machine type does not support. */
  static void check(String machineType, String accelerator, int count, Problems problems) {
    if (accelerator.isEmpty()) {
      return;
    }
    String series = machineType.replaceFirst("-.*", "");
    Optional<BuiltIn> builtIn = builtIn(machineType);
    if (builtIn.isPresent()) {
      problems
          .check(
              accelerator.equals(builtIn.get().accelerator()),
              "runtime.options",
              "must name the accelerator that " + machineType + " has in VertexRuntime, "
                  + builtIn.get().accelerator(),
              accelerator)
          .check(
              count <= builtIn.get().count(),
              "scaling.options",
              "must not have more accelerators in VertexScaling than " + machineType
                  + " has, which is " + builtIn.get().count(),
              count);
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
}
