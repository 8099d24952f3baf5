# Survival statistics for zoo_report.pl. A sample is a reference to a list of trials, each
# [TIME, FOUND]; a trial that found nothing is censored: it says that the time is longer than TIME.
use strict;
use warnings;
use POSIX qw(erfc);

# survival_curve SAMPLE: the Kaplan-Meier estimate, a list of [TIME, SURVIVAL], one step each.
sub survival_curve {
    my ($sample) = @_;
    my (%events, %leaving);
    for (@$sample) {
        $leaving{$_->[0]}++;
        $events{$_->[0]} += $_->[1] ? 1 : 0;
    }
    my ($at_risk, $survival, @curve) = (scalar @$sample, 1);
    for my $time (sort { $a <=> $b } keys %leaving) {
        if ($events{$time}) {
            $survival *= 1 - $events{$time} / $at_risk;
            push @curve, [$time, $survival];
        }
        $at_risk -= $leaving{$time};
    }
    return @curve;
}

# survival_at SAMPLE TIME: which share of the trials is still without a finding.
sub survival_at {
    my ($sample, $time) = @_;
    my $survival = 1;
    for (survival_curve($sample)) {
        $survival = $_->[1] if $_->[0] <= $time;
    }
    return $survival;
}

# median_time SAMPLE: when half of the trials have a finding; undef if they never have.
sub median_time {
    my ($sample) = @_;
    for (survival_curve($sample)) {
        return $_->[0] if $_->[1] <= 0.5 + 1e-9;
    }
    return undef;
}

# longest SAMPLE: the last time anything is known of.
sub longest {
    my ($sample) = @_;
    my $longest = 0;
    for (@$sample) { $longest = $_->[0] if $_->[0] > $longest }
    return $longest;
}

# restricted_mean SAMPLE HORIZON: the mean time to a finding, where none before HORIZON counts as
# HORIZON: the area below the curve.
sub restricted_mean {
    my ($sample, $horizon) = @_;
    my ($area, $since, $survival) = (0, 0, 1);
    for (survival_curve($sample)) {
        last if $_->[0] >= $horizon;
        $area += ($_->[0] - $since) * $survival;
        ($since, $survival) = @$_;
    }
    return $area + ($horizon - $since) * $survival;
}

# log_rank SAMPLE SAMPLE: chi-square with one degree of freedom, and its p.
sub log_rank {
    my ($first, $second) = @_;
    my (%events, $excess, $variance);
    for (@$first, @$second) { $events{$_->[0]}++ if $_->[1] }
    ($excess, $variance) = (0, 0);
    for my $time (keys %events) {
        my $n1 = grep { $_->[0] >= $time } @$first;
        my $n = $n1 + grep { $_->[0] >= $time } @$second;
        my $d1 = grep { $_->[0] == $time && $_->[1] } @$first;
        my $d = $events{$time};
        $excess += $d1 - $d * $n1 / $n;
        $variance += $d * ($n1 / $n) * (1 - $n1 / $n) * ($n - $d) / ($n - 1) if $n > 1;
    }
    my $chi_square = $variance > 0 ? $excess**2 / $variance : 0;
    return ($chi_square, erfc(sqrt($chi_square / 2)));
}

# sooner TRIAL TRIAL: 1 if the first is known to have found it sooner, 0 if the second, else 1/2.
sub sooner {
    my ($first, $second) = @_;
    return 0.5 if $first->[0] == $second->[0] && !$first->[1] == !$second->[1];
    return 1 if $first->[1] && $first->[0] <= $second->[0];
    return 0 if $second->[1] && $second->[0] <= $first->[0];
    return 0.5;
}

# a12 SAMPLE SAMPLE: Vargha and Delaney's: how likely a trial of the first finds it sooner than one
# of the second; pairs that censoring leaves open count as ties.
sub a12 {
    my ($first, $second) = @_;
    my $sum = 0;
    for my $a (@$first) {
        for my $b (@$second) { $sum += sooner($a, $b) }
    }
    return $sum / (@$first * @$second);
}

sub geometric_mean {
    my $sum = 0;
    for (@_) { $sum += log $_ }
    return @_ ? exp($sum / @_) : undef;
}

1;
