package io.fairlead.azureml.internal;

import java.util.Locale;
import java.util.regex.Pattern;

/** What the names of instance types and of images say of them. */
final class Machines {
  private static final Pattern TYPE = Pattern.compile("standard_[a-z]+[0-9]\\w*(-\\w+)*");

  /** Azure's N series have GPUs, except for those whose chips are programmable. */
  private static final Pattern WITH_GPUS = Pattern.compile("standard_n(?!p)\\w+(-\\w+)*");

  private static final Pattern FOR_GPUS = Pattern.compile(
      "(^|[^a-z])(gpu|cuda[0-9.]*|cu1[0-9]{2}|vllm|sglang|text-generation-inference)([^a-z]|$)");

  private Machines() {}

  /** {@return whether it has the form of an instance type, in any case of letters} */
  static boolean isType(String instanceType) {
    return TYPE.matcher(instanceType.toLowerCase(Locale.ROOT)).matches();
  }

  static boolean haveGpus(String instanceType) {
    return WITH_GPUS.matcher(instanceType.toLowerCase(Locale.ROOT)).matches();
  }

  /** {@return whether the name of an image or an environment says that it needs a GPU} */
  static boolean isForGpus(String image) {
    return FOR_GPUS.matcher(image).find();
  }

  /** {@return how many instances the quota needs room for: a fifth more than there are, for upgrades} */
  static int reserved(int instances) {
    return (instances * 6 + 4) / 5;
  }
}
