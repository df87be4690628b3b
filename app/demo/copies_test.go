package demo

import (
	"math/rand/v2"
	"testing"
)

// What free finds by going backwards is what giving every copy its number shows;
// and a million copies of seven hundred cases need no search that is felt.
func TestNoCopyHasANumberThatIsTaken(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var taken, ids []int64
	for id := range int64(700) {
		ids = append(ids, id*3+1)
		taken = append(taken, least+random.Int64N(numbers))
	}
	for _, rounds := range []int64{20, 1500} {
		const stride = 20_000
		offset, err := free(taken, ids, stride, rounds)
		if err != nil {
			t.Fatal(err)
		}
		has := map[int64]bool{}
		for _, number := range taken {
			has[number] = true
		}
		for k := int64(1); k <= rounds; k++ {
			for _, id := range ids {
				number := least + ((id+k*stride)*factor+offset)%numbers
				if has[number] {
					t.Fatalf("%d rounds, offset %d: copy %d of %d has a number that is taken", rounds, offset, k, id)
				}
				has[number] = true
			}
		}
	}
	if _, err := free(taken, ids, 60_000, 1500); err == nil {
		t.Error("more copies than numbers were let through")
	}
}
