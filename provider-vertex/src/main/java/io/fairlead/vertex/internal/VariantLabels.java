package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.Endpoint;
import io.fairlead.reconcile.ResourceRef;
import io.fairlead.vertex.internal.storage.Artifacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The labels of an endpoint about one of its variants: written before the variant is deployed, and kept until the
 * endpoint is deleted or the variant is deployed again.
 *
 * <p>They are needed because a model that is being deployed is not listed as a deployed model, and the operation does
 * not name it; after an interrupted undeploy, nothing else connects the public name with the model.
 *
 * @param variant the variant's name; empty once it is being undeployed
 * @param model the name of its model, as {@link ModelKind} names it
 * @param artifact the key of the model's upload; empty if it has none
 * @param pool the id of the pool that it shares; empty if it has machines of its own
 */
record VariantLabels(
    Optional<String> variant, String model, Optional<String> artifact, Optional<String> pool) {
  /** Stands for a model in the registry that is not managed by Fairlead, whose name a label cannot have. */
  static final String REGISTERED = "registered";

  private static final String VARIANT = VertexTags.PREFIX + "v_";
  private static final String MODEL = VertexTags.PREFIX + "m_";
  /** The model that a version belongs to. */
  private static final String PARENT = VertexTags.PREFIX + "r_";

  private static final String ARTIFACT = VertexTags.PREFIX + "a_";
  private static final String POOL = VertexTags.PREFIX + "p_";
  private static final Pattern KEY =
      Pattern.compile(VertexTags.PREFIX + "[vmrap]_([1-9][0-9]{0,9})");
  private static final Pattern UPPERCASE = Pattern.compile("[A-Z]");
  private static final Pattern ESCAPED = Pattern.compile("_([a-z])");
  private static final char[] BASE_32 = "abcdefghijklmnopqrstuvwxyz234567".toCharArray();
  private static final int HASH_DIGITS = 64;

  /** {@return the labels, for the id of the variant's deployed model} */
  SortedMap<String, String> labels(String deployedModelId) {
    SortedMap<String, String> labels = new TreeMap<>();
    variant.ifPresent(name -> labels.put(VARIANT + deployedModelId, written(name)));
    int at = model.indexOf('@');
    labels.put(MODEL + deployedModelId, model.substring(at + 1));
    if (at >= 0) {
      labels.put(PARENT + deployedModelId, model.substring(0, at));
    }
    artifact.ifPresent(key -> labels.put(
        ARTIFACT + deployedModelId, base32(key.substring(Artifacts.KEYS.prefix().length()))));
    pool.ifPresent(id -> labels.put(POOL + deployedModelId, id));
    return labels;
  }

  /** {@return the variants in an endpoint's labels, by the ids of their deployed models} */
  static Map<String, VariantLabels> of(Map<String, String> labels) {
    Map<String, VariantLabels> variants = new TreeMap<>();
    labels.forEach((key, value) -> {
      if (key.startsWith(MODEL)) {
        String id = key.substring(MODEL.length());
        Optional<String> parent = Optional.ofNullable(labels.get(PARENT + id));
        variants.put(
            id,
            new VariantLabels(
                Optional.ofNullable(labels.get(VARIANT + id)).map(VariantLabels::read),
                parent.map(name -> name + "@" + value).orElse(value),
                Optional.ofNullable(labels.get(ARTIFACT + id))
                    .map(hash -> Artifacts.KEYS.prefix() + hexadecimal(hash)),
                Optional.ofNullable(labels.get(POOL + id))));
      }
    });
    return variants;
  }

  /** {@return whether a variant was deployed with a model of the registry, which is never deleted} */
  static boolean isRegistered(Endpoint endpoint, String deployedModelId) {
    return REGISTERED.equals(endpoint.getLabelsOrDefault(MODEL + deployedModelId, ""));
  }

  /** {@return the labels without those about a deployed model} */
  static SortedMap<String, String> without(Map<String, String> labels, String deployedModelId) {
    SortedMap<String, String> others = new TreeMap<>(labels);
    others.keySet().removeIf(key -> {
      Matcher matcher = KEY.matcher(key);
      return matcher.matches() && matcher.group(1).equals(deployedModelId);
    });
    return others;
  }

  /** {@return the key of the label of a variant that is deployed, or being deployed} */
  static String variantKey(String deployedModelId) {
    return VARIANT + deployedModelId;
  }

  /** {@return a variant's name as the value of a label, in which uppercase letters are not allowed} */
  static String written(String variant) {
    return UPPERCASE
        .matcher(variant)
        .replaceAll(letter -> "_" + letter.group().toLowerCase(Locale.ROOT));
  }

  private static String read(String written) {
    return ESCAPED.matcher(written).replaceAll(letter -> letter.group(1).toUpperCase(Locale.ROOT));
  }

  /** {@return the resources that the variant uses, except its endpoint} */
  List<ResourceRef> uses() {
    List<ResourceRef> uses = new ArrayList<>();
    if (!model.equals(REGISTERED)) {
      uses.add(new ResourceRef(ModelSpec.KIND.name(), model));
    }
    pool.ifPresent(id -> uses.add(new ResourceRef(PoolSpec.KIND.name(), id)));
    return uses;
  }

  /**
   * {@return all resources that the variant has used, including its model's upload, which cannot be found once the
   * model is deleted}
   */
  List<ResourceRef> remembers() {
    List<ResourceRef> all = new ArrayList<>(uses());
    artifact.ifPresent(key -> all.add(new ResourceRef(Artifacts.KIND.name(), key)));
    return all;
  }

  // ---- a hash has 64 hexadecimal digits, one more than a label's value ----

  private static String base32(String hexadecimal) {
    StringBuilder written = new StringBuilder();
    int bits = 0;
    int held = 0;
    for (int i = 0; i < hexadecimal.length(); i++) {
      char digit = hexadecimal.charAt(i);
      held = (held << 4) | Character.digit(digit, 16);
      bits += 4;
      if (bits >= 5) {
        bits -= 5;
        written.append(BASE_32[(held >> bits) & 31]);
      }
    }
    if (bits > 0) {
      written.append(BASE_32[(held << (5 - bits)) & 31]);
    }
    return written.toString();
  }

  private static String hexadecimal(String base32) {
    StringBuilder read = new StringBuilder();
    int bits = 0;
    int held = 0;
    for (int i = 0; i < base32.length(); i++) {
      char digit = base32.charAt(i);
      held = (held << 5) | (digit >= 'a' ? digit - 'a' : digit - '2' + 26);
      bits += 5;
      while (bits >= 4 && read.length() < HASH_DIGITS) {
        bits -= 4;
        read.append(Character.forDigit((held >> bits) & 15, 16));
      }
    }
    return read.toString();
  }
}
