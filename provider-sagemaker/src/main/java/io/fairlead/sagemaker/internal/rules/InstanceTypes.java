package io.fairlead.sagemaker.internal.rules;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the names of instance types, and the tags of images for them, say about the instances that are needed. */
public final class InstanceTypes {
  /** AWS adds types every month, so a name is checked by its parts: a family with a generation, and a size. */
  private static final Pattern TYPE = Pattern.compile("ml\\.([a-z]+[0-9]+[a-z]*(?:-[a-z0-9]+)?)\\."
      + "(?:nano|micro|small|medium|large|[0-9]*xlarge|metal)");

  /** Attributes of a family with local NVMe storage, as in {@code c5d}, {@code g4dn} or {@code p4de}. */
  private static final Pattern WITH_DISKS = Pattern.compile("[a-z]+[0-9]+[a-z]*d[a-z]*");

  /** Families that have local NVMe storage without the attribute in their names. */
  private static final Pattern ALWAYS_WITH_DISKS =
      Pattern.compile("(?:i[0-9]|im[0-9]|is[0-9]|g6|gr6|g7|p5|p6|trn|dl[0-9]).*|g5");

  /** Blackwell GPUs, for which AWS's host image with driver 550 is too old. */
  private static final Pattern NEWEST_GPUS = Pattern.compile("(?:g7|p6).*");

  private static final String CPU = "cpu";
  private static final String GPU = "gpu";
  private static final String NEURONX = "neuronx";
  private static final String ARM64 = "cpu-arm64";
  private static final Pattern GRAVITON = Pattern.compile("[a-z]\\d+g[a-z]*");

  private static final Pattern CUDA = Pattern.compile("(?:^|[-_.])cu(1[0-9])([0-9])(?:[-_.]|$)");
  private static final String CUDA_13 = "13";
  /** Versions of CUDA 12 that are too new for the host images with which AWS starts GPU instances by default. */
  private static final Set<String> LATE_CUDA_12 = Set.of("128", "129");

  private static final String AMI_FOR_CUDA_12 = "al2-ami-sagemaker-inference-gpu-3-1";
  private static final String AMI_FOR_CUDA_13 = "al2023-ami-sagemaker-inference-gpu-4-1";

  private InstanceTypes() {}

  /** {@return whether a text may be an instance type of SageMaker's, such as {@code ml.m5.large}} */
  public static boolean isPlausible(String text) {
    return TYPE.matcher(text).matches();
  }

  /** {@return whether instances have storage of their own, to which AWS attaches no volume} */
  public static boolean hasLocalStorage(String instanceType) {
    Matcher type = TYPE.matcher(instanceType);
    return type.matches()
        && (WITH_DISKS.matcher(type.group(1)).matches()
            || ALWAYS_WITH_DISKS.matcher(type.group(1)).matches());
  }

  /**
   * {@return the kind of processor of an instance type: {@code cpu}, {@code gpu}, {@code neuronx} (Inferentia 2 and
   * Trainium) or {@code neuron} (Inferentia 1)}
   */
  public static String processor(String instanceType) {
    String family = family(instanceType);
    if (family.startsWith("inf1")) {
      return "neuron";
    }
    if (family.startsWith("inf") || family.startsWith("trn")) {
      return NEURONX;
    }
    return family.startsWith("g") || family.startsWith("p") ? GPU : CPU;
  }

  /** {@return the kind of processor that an image has to be built for: as the {@linkplain #processor processor}, and
   * {@code cpu-arm64} for Graviton} */
  public static String architecture(String instanceType) {
    return GRAVITON.matcher(family(instanceType)).matches() ? ARM64 : processor(instanceType);
  }

  private static String family(String instanceType) {
    String[] parts = instanceType.toLowerCase(Locale.ROOT).split("\\.", -1);
    return parts.length == 3 && parts[0].equals("ml") ? parts[1] : "";
  }

  /**
   * {@return the inference AMI version that a container needs on GPU instances, by the CUDA version in the tag of its
   * image; empty where AWS's default for the instance type fits, or the tag has none}
   *
   * <p>With a driver that is too old for its CUDA, a container does not start, often without a line in its log. One that
   * is too new breaks images of CUDA 12, too.
   */
  public static Optional<String> amiVersion(String image, String instanceType) {
    Matcher type = TYPE.matcher(instanceType);
    boolean onGpu = type.matches() && processor(instanceType).equals(GPU);
    Matcher cuda = CUDA.matcher(image.substring(image.lastIndexOf(':') + 1));
    if (!onGpu || !cuda.find()) {
      return Optional.empty();
    }
    if (cuda.group(1).equals(CUDA_13)) {
      return Optional.of(AMI_FOR_CUDA_13);
    }
    return LATE_CUDA_12.contains(cuda.group(1) + cuda.group(2))
            && !NEWEST_GPUS.matcher(type.group(1)).matches()
        ? Optional.of(AMI_FOR_CUDA_12)
        : Optional.empty();
  }
}
