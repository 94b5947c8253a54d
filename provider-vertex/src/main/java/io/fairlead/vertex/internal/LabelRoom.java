package io.fairlead.vertex.internal;

import com.google.cloud.aiplatform.v1.DeployedModel;
import com.google.cloud.aiplatform.v1.Endpoint;
import io.fairlead.error.ServingException;
import io.fairlead.reconcile.Look;
import io.fairlead.reconcile.Observed;
import io.fairlead.reconcile.ResourceKind;
import io.fairlead.reconcile.ResourceRef;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The room that an endpoint has for labels, when each release is another variant.
 *
 * <p>Labels about a variant go when nothing of it is left to remove, or to deploy. Only if that is not enough, labels
 * go whose resources are then found as orphans.
 */
final class LabelRoom {
  /** Vertex AI allows 64, of which two are the owner tag, and one may come with a rollout. */
  private static final int MOST = 61;
  /** Below this, no call is made to find out what is left. */
  private static final int FEW = 56;

  private final List<ResourceKind<?>> kinds;

  /**
   * Creates it.
   *
   * @param kinds the kinds of resources that variants remember
   */
  LabelRoom(List<ResourceKind<?>> kinds) {
    this.kinds = kinds;
  }

  static boolean isEnoughFor(Map<String, String> labels) {
    return labels.size() <= FEW;
  }

  /**
   * {@return the labels, without those about variants of the past if there would be too many}
   *
   * @param now the endpoint before they are written
   */
  SortedMap<String, String> fit(SortedMap<String, String> labels, Endpoint now) {
    Map<String, VariantLabels> present = VariantLabels.of(labels);
    Map<String, VariantLabels> past = past(present, now);
    present.keySet().removeAll(past.keySet());
    Set<ResourceRef> used = new HashSet<>();
    present.values().forEach(variant -> used.addAll(variant.remembers()));
    Look look = new Look();
    SortedMap<String, String> fitting = labels;
    for (Map.Entry<String, VariantLabels> variant : past.entrySet()) {
      if (isOver(variant.getValue(), used, look)) {
        fitting = VariantLabels.without(fitting, variant.getKey());
      }
    }
    return cut(fitting, past);
  }

  /** {@return the variants that are not deployed, and that these labels say nothing new about} */
  private static Map<String, VariantLabels> past(
      Map<String, VariantLabels> variants, Endpoint now) {
    Map<String, VariantLabels> past = new TreeMap<>(variants);
    Map<String, VariantLabels> before = VariantLabels.of(now.getLabelsMap());
    past.entrySet().removeIf(variant -> !variant.getValue().equals(before.get(variant.getKey())));
    now.getDeployedModelsList().stream().map(DeployedModel::getId).forEach(past::remove);
    return past;
  }

  /** {@return whether nothing is left of a variant that others do not use, and it is not on its way} */
  private boolean isOver(VariantLabels variant, Set<ResourceRef> used, Look look) {
    List<ResourceRef> all = variant.remembers();
    return variant.variant().isPresent()
        ? !all.isEmpty() && all.stream().noneMatch(resource -> exists(resource, look))
        : all.stream().allMatch(resource -> used.contains(resource) || !exists(resource, look));
  }

  private boolean exists(ResourceRef resource, Look look) {
    try {
      return kinds.stream()
          .filter(kind -> kind.id().name().equals(resource.kind()))
          .anyMatch(kind -> kind.read(resource.name(), look).status() != Observed.Status.ABSENT);
    } catch (ServingException e) {
      // Its labels are kept for when it can be read.
      return true;
    }
  }

  /** {@return as many labels as Vertex AI allows: those of an interrupted deployment go last} */
  private static SortedMap<String, String> cut(
      SortedMap<String, String> labels, Map<String, VariantLabels> past) {
    List<String> order = past.entrySet().stream()
        .sorted(Comparator.comparing(variant -> variant.getValue().variant().isPresent()))
        .map(Map.Entry::getKey)
        .toList();
    SortedMap<String, String> fitting = labels;
    for (String id : order) {
      if (fitting.size() <= MOST) {
        break;
      }
      fitting = VariantLabels.without(fitting, id);
    }
    return fitting;
  }
}
