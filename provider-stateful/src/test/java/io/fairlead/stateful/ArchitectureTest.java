package io.fairlead.stateful;

import static com.tngtech.archunit.core.domain.JavaModifier.PUBLIC;
import static com.tngtech.archunit.core.domain.JavaModifier.SYNCHRONIZED;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses MODULE = new ClassFileImporter()
      .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .importPackages("io.fairlead.stateful");

  @Test
  void publicOutsideOfInternalIsOnlyWhatUsersNeed() {
    Set<String> found = MODULE.stream()
        .filter(type -> type.getPackageName().equals("io.fairlead.stateful"))
        .filter(JavaClass::isTopLevelClass)
        .filter(type -> type.getModifiers().contains(PUBLIC))
        .map(JavaClass::getSimpleName)
        .collect(Collectors.toCollection(TreeSet::new));

    assertThat(found)
        .containsExactly(
            "CacheAnswer",
            "CacheEvent",
            "CacheStatistics",
            "CachingPlatform",
            "FeatureImportance",
            "Hosting",
            "RedisLevel",
            "Stateful",
            "StatefulConfig",
            "StatefulModel",
            "StatefulProvider",
            "StatefulRequest",
            "Successors");
  }

  @Test
  void theRoomsDoNotKnowEachOtherInCircles() {
    slices()
        .matching("io.fairlead.stateful.internal.(*)")
        .should()
        .beFreeOfCycles()
        .check(MODULE);
  }

  @Test
  void theRoomsDoNotKnowTheHouse() {
    noClasses()
        .that()
        .resideInAPackage("io.fairlead.stateful.internal.*")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.fairlead.stateful", "io.fairlead.stateful.internal")
        .check(MODULE);
  }

  @Test
  void noOtherProviderIsKnown() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.fairlead.local..", "io.fairlead.serverless..", "io.fairlead.engine..")
        .check(MODULE);
  }

  @Test
  void everyPackageIsNullMarked() throws ClassNotFoundException {
    Set<String> packages = MODULE.stream()
        .map(JavaClass::getPackageName)
        .collect(Collectors.toCollection(TreeSet::new));

    for (String name : packages) {
      assertThat(Class.forName(name + ".package-info").isAnnotationPresent(NullMarked.class))
          .as(name)
          .isTrue();
    }
  }

  @Test
  void noMethodIsSynchronized() {
    methods().should().notHaveModifier(SYNCHRONIZED).check(MODULE);
  }
}
