package io.fairlead.azureml.internal;

import io.fairlead.azureml.internal.arm.AssetType;
import io.fairlead.azureml.internal.storage.Uploads;
import io.fairlead.reconcile.ResourceRef;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The tag of an endpoint about one of its variants: what the variant uses, written before the variant is deployed.
 *
 * <p>After an interrupted undeploy, nothing else connects the public name with the model. An endpoint has room for the
 * tags of the last {@value #MOST} variants.
 *
 * @param number the number of the tag, by which the oldest is found
 * @param model the variant's model; empty if the workspace has none of it that was made here
 * @param environment its environment, likewise
 * @param code its code, likewise
 */
record VariantTag(
    int number, Optional<AssetRef> model, Optional<AssetRef> environment, Optional<AssetRef> code) {
  /** More than the 20 deployments that an endpoint may have. */
  static final int MOST = 22;

  private static final String NAME = AzureMlTags.PREFIX + "uses-";
  private static final Pattern VALUE =
      Pattern.compile("(\\d{1,9})(?: m=(\\S+))?(?: e=(\\S+))?(?: c=(\\S+))?");

  /** {@return the tags with that of a variant; it keeps its number if it says what it said before} */
  SortedMap<String, String> addedTo(Map<String, String> tags, String variant) {
    SortedMap<String, String> all = new TreeMap<>(tags);
    SortedMap<String, VariantTag> known = of(tags);
    VariantTag before = known.get(variant);
    if (before != null && before.withNumber(number).equals(this)) {
      return all;
    }
    int newest = known.values().stream().mapToInt(VariantTag::number).max().orElse(0);
    all.put(NAME + variant, withNumber(newest + 1).value());
    known.remove(variant);
    known.entrySet().stream()
        .sorted((one, other) ->
            Integer.compare(other.getValue().number(), one.getValue().number()))
        .skip(MOST - 1L)
        .forEach(old -> all.remove(NAME + old.getKey()));
    return all;
  }

  private VariantTag withNumber(int newNumber) {
    return new VariantTag(newNumber, model, environment, code);
  }

  private String value() {
    StringBuilder value = new StringBuilder().append(number);
    model.ifPresent(ref -> value.append(" m=").append(ref));
    environment.ifPresent(ref -> value.append(" e=").append(ref));
    code.ifPresent(ref -> value.append(" c=").append(ref));
    return value.toString();
  }

  /** {@return the tags about variants, by variant} */
  static SortedMap<String, VariantTag> of(Map<String, String> tags) {
    SortedMap<String, VariantTag> variants = new TreeMap<>();
    tags.forEach((name, value) -> {
      Matcher matcher = VALUE.matcher(value);
      if (name.startsWith(NAME) && matcher.matches()) {
        variants.put(
            name.substring(NAME.length()),
            new VariantTag(
                Integer.parseInt(matcher.group(1)),
                ref(matcher.group(2)),
                ref(matcher.group(3)),
                ref(matcher.group(4))));
      }
    });
    return variants;
  }

  private static Optional<AssetRef> ref(String text) {
    return Optional.ofNullable(text).map(AssetRef::parse);
  }

  /** {@return all that the variant has used, with what is left of it after an interrupted removal} */
  List<ResourceRef> remembers() {
    List<ResourceRef> all = new ArrayList<>();
    model.ifPresent(ref -> add(ModelSpec.KIND.name(), AssetType.MODEL, ref, all));
    environment.ifPresent(ref -> add(EnvironmentSpec.KIND.name(), AssetType.ENVIRONMENT, ref, all));
    code.ifPresent(ref -> add(CodeSpec.KIND.name(), AssetType.CODE, ref, all));
    return all;
  }

  private static void add(String kind, AssetType type, AssetRef ref, List<ResourceRef> all) {
    all.add(new ResourceRef(kind, ref.toString()));
    all.add(new ResourceRef(EmptyAssetKind.name(type).name(), ref.name()));
    AzureMlNames.keyOf(ref)
        .map(key -> new ResourceRef(Uploads.KIND.name(), key))
        .ifPresent(all::add);
  }
}
